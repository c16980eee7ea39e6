/** Label maps at other sizes. */
import type { Picture } from "fcn-webgpu";

export type MapSize = Pick<Picture, "width" | "height">;

/** The pixel of a side of `from` pixels that is nearest to pixel `i` of the same side with `to` pixels. */
export const nearestPixel = (i: number, from: number, to: number): number => Math.floor(((i + 0.5) * from) / to);

/** Each pixel has the label of the nearest pixel: labels cannot be averaged. */
export function resizedLabels(labels: Uint8Array, from: MapSize, to: MapSize): Uint8Array {
  if (from.width === to.width && from.height === to.height) return labels;
  const columns = Uint32Array.from({ length: to.width }, (_, x) => nearestPixel(x, from.width, to.width));
  const out = new Uint8Array(to.width * to.height);
  for (let y = 0; y < to.height; y++) {
    const row = nearestPixel(y, from.height, to.height) * from.width;
    for (let x = 0; x < to.width; x++) out[y * to.width + x] = labels[row + (columns[x] as number)] as number;
  }
  return out;
}
