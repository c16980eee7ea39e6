/** Decodes files and camera frames, at the size that the network is to see. */
import { shrink } from "fcn-webgpu";
import type { Picture } from "fcn-webgpu";
import type { Side } from "../messages.js";
import { fit, withinPixels } from "./picture-sizes.js";
import type { WidthAndHeight } from "./picture-sizes.js";

/** Longest side for "auto", by adapter: the networks then take about a second or less. */
const AUTO_SIDE = { gpu: 1024, software: 384 } as const;

export interface Decoded {
  readonly picture: Picture;
  /** Width and height of the file. */
  readonly full: WidthAndHeight;
}

/** @throws Error with a sentence if the file is not a picture */
export async function decode(
  source: Blob | ImageBitmap,
  name: string,
  side: Side,
  software: boolean,
): Promise<Decoded> {
  const bitmap = source instanceof ImageBitmap ? source : await bitmapOf(source, name);
  try {
    const full: WidthAndHeight = [bitmap.width, bitmap.height];
    const picture = readPixels(bitmap, withinPixels(full));
    const [width, height] = fit([picture.width, picture.height], longestSide(side, software));
    return { full, picture: width < picture.width ? shrink(picture, height, width) : picture };
  } finally {
    bitmap.close();
  }
}

async function bitmapOf(file: Blob, name: string): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, { colorSpaceConversion: "none" });
  } catch (error) {
    throw new Error(`${name} is not a picture this browser can read: choose a PNG, JPEG, WebP, AVIF or GIF file`, {
      cause: error,
    });
  }
}

/** RGBA at this size. Transparency goes over white, as on the command line. */
function readPixels(bitmap: ImageBitmap, [width, height]: WidthAndHeight): Picture {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context)
    throw new Error("this browser gives workers no 2-D canvas; use a current Chrome, Edge, Firefox or Safari");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  return { width, height, data, channels: 4 };
}

function longestSide(side: Side, software: boolean): number {
  if (side === "full") return Infinity;
  if (side === "auto") return software ? AUTO_SIDE.software : AUTO_SIDE.gpu;
  return side;
}
