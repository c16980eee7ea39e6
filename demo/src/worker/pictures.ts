/** Decodes files and camera frames, at the size that the network is to see. */
import { shrink } from "fcn-webgpu";
import type { Picture } from "fcn-webgpu";
import type { Side } from "../messages.js";

/** Longest side for "auto", by adapter: the networks then take about a second or less. */
const AUTO_SIDE = { gpu: 1024, software: 384 } as const;

/** Larger pictures are downscaled by the browser before their pixels are read, to save memory. */
const MAX_PIXELS = 24e6;

type Size = readonly [width: number, height: number];

export interface Decoded {
  readonly picture: Picture;
  /** Width and height of the file. */
  readonly full: Size;
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
    const full: Size = [bitmap.width, bitmap.height];
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
function readPixels(bitmap: ImageBitmap, [width, height]: Size): Picture {
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

/** Downscales a size to MAX_PIXELS: the largest at which decode() gives a file. */
export function withinPixels([width, height]: Size): Size {
  const scale = Math.min(1, Math.sqrt(MAX_PIXELS / (width * height)));
  return fit([width, height], Math.max(width, height) * scale);
}

/** Downscales a size to a longest side of `longest`, keeping its ratio. */
function fit([width, height]: Size, longest: number): Size {
  const scale = Math.min(1, longest / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}
