/** Files and camera frames to pixels, at the size the network is to see. */
import { shrink } from "fcn-webgpu";
import type { Picture } from "fcn-webgpu";
import type { Side } from "../messages.js";

/** Longest side where nobody chose one: what an adapter does in about a second or less. */
const AUTO = { gpu: 1024, software: 384 } as const;

/** Beyond this many pixels the browser scales before anything is read, for memory's sake. */
const MOST_PIXELS = 24e6;

export interface Decoded {
  readonly picture: Picture;
  /** Width and height of the file. */
  readonly full: readonly [number, number];
}

/** @throws Error with a sentence when the file is no picture */
export async function decode(
  source: Blob | ImageBitmap,
  name: string,
  side: Side,
  software: boolean,
): Promise<Decoded> {
  const bitmap = source instanceof ImageBitmap ? source : await bitmapOf(source, name);
  try {
    const full = [bitmap.width, bitmap.height] as const;
    const rough = fit(full, Math.max(...full) * Math.min(1, Math.sqrt(MOST_PIXELS / (full[0] * full[1]))));
    const canvas = new OffscreenCanvas(rough[0], rough[1]);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context)
      throw new Error("this browser gives workers no 2-D canvas; use a current Chrome, Edge, Firefox or Safari");
    context.fillStyle = "#fff"; // transparency is put over white, as the command line does
    context.fillRect(0, 0, rough[0], rough[1]);
    context.drawImage(bitmap, 0, 0, rough[0], rough[1]);
    const { data } = context.getImageData(0, 0, rough[0], rough[1]);
    const longest = side === "full" ? Infinity : side === "auto" ? AUTO[software ? "software" : "gpu"] : side;
    const [width, height] = fit(rough, longest);
    const picture = { width: rough[0], height: rough[1], data, channels: 4 as const };
    return { full, picture: width < rough[0] ? shrink(picture, height, width) : picture };
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

/** Sides at one ratio, the longest no longer than `longest`. */
function fit([width, height]: readonly [number, number], longest: number): [number, number] {
  const scale = Math.min(1, longest / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}
