/** The samples as pictures of a few kB, so that the row of samples does not load 1.5 MB. */
import { readFileSync } from "node:fs";
import type * as Png from "../../src/image/png.js";
import type * as Shrink from "../../src/image/shrink.js";

/** Twice the size at which the page shows them. */
const WIDTH = 128;

/** @param library the folder of the built library; its modules are loaded when the page is built, not before */
export async function thumbnailOf(path: string, library: string): Promise<Uint8Array> {
  const { decodePng, encodePng } = (await import(`${library}/image/png.js`)) as typeof Png;
  const { shrink } = (await import(`${library}/image/shrink.js`)) as typeof Shrink;
  const picture = decodePng(readFileSync(path));
  return encodePng(shrink(picture, Math.round((WIDTH * picture.height) / picture.width), WIDTH));
}
