/** Pictures for tests in which it does not matter what a picture shows. */
import type { Picture } from "../../src/image/picture.js";

/** RGBA noise that repeats. Another `seed` gives another picture of the same size. */
export function noisePicture(height: number, width: number, seed = 1): Picture {
  const data = new Uint8Array(width * height * 4).map((_, i) => (i * 31 * seed) & 255);
  return { width, height, data };
}
