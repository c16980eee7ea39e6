/** Where networks give other classes to the same pixels. */
import type { Picture } from "fcn-webgpu";
import type { Point } from "../messages.js";

/** Side of the part that is compared, in pixels: what a loupe shows. */
const WINDOW = 64;
/** Parts are compared that are this many pixels apart. */
const STEP = 8;

/** Share of pixels that differ, of each network against each coarser one. Keys are `coarse fine`. */
export function changesBetween(labels: Readonly<Record<string, Uint8Array>>): Record<string, number> {
  const maps = Object.entries(labels);
  const pairs = maps.flatMap(([coarse, from], i) =>
    maps.slice(i + 1).map(([fine, to]) => [`${coarse} ${fine}`, shareOfDifferences(from, to)] as const),
  );
  return Object.fromEntries(pairs);
}

function shareOfDifferences(from: Uint8Array, to: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < from.length; i++) count += Number(from[i] !== to[i]);
  return from.length === 0 ? 0 : count / from.length;
}

/** The middle of the part in which the first and the last label map differ most; undefined if they are equal. */
export function focusOf(
  labels: Readonly<Record<string, Uint8Array>>,
  { width, height }: Pick<Picture, "width" | "height">,
): Point | undefined {
  const maps = Object.values(labels);
  const [coarse, fine] = [maps[0], maps.at(-1)];
  if (!coarse || !fine || coarse === fine) return undefined;
  const sums = sumsOfDifferences(coarse, fine, width, height);
  const sumAt = (x: number, y: number): number =>
    sums[Math.min(height, Math.max(0, y)) * (width + 1) + Math.min(width, Math.max(0, x))] as number;
  let [most, found]: [number, Point | undefined] = [0, undefined];
  const half = WINDOW / 2;
  for (let y = Math.min(half, height >> 1); y <= Math.max(height - half, height >> 1); y += STEP) {
    for (let x = Math.min(half, width >> 1); x <= Math.max(width - half, width >> 1); x += STEP) {
      const [l, r, t, b] = [x - half, x + half, y - half, y + half];
      const count = sumAt(r, b) - sumAt(l, b) - sumAt(r, t) + sumAt(l, t);
      if (count > most) [most, found] = [count, { x, y }];
    }
  }
  return found;
}

/** At (x, y): how many pixels above and to the left of it differ. One column and row more than the picture. */
function sumsOfDifferences(coarse: Uint8Array, fine: Uint8Array, width: number, height: number): Uint32Array {
  const sums = new Uint32Array((width + 1) * (height + 1));
  for (let y = 0; y < height; y++) {
    let row = 0;
    for (let x = 0; x < width; x++) {
      row += Number(coarse[y * width + x] !== fine[y * width + x]);
      sums[(y + 1) * (width + 1) + x + 1] = (sums[y * (width + 1) + x + 1] as number) + row;
    }
  }
  return sums;
}
