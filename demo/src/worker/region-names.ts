/** Where the names of regions stand: in the largest circle inside each region that is large enough. */
import type { Picture } from "fcn-webgpu";
import type { RegionName } from "../messages.js";

/** Regions smaller than this share of the picture get no name. */
const LEAST_SHARE = 0.006;
/** Steps to a neighbour beside and to one at a corner, in thirds of a pixel (chamfer distance). */
const BESIDE = 3;
const CORNER = 4;
const BACKGROUND = 0;

type Size = Pick<Picture, "width" | "height">;

export function regionNames(labels: Uint8Array, size: Size): RegionName[] {
  const distances = distancesToBorder(labels, size);
  const least = LEAST_SHARE * labels.length;
  const seen = new Uint8Array(labels.length);
  const stack = new Int32Array(labels.length);
  const found: RegionName[] = [];
  for (let start = 0; start < labels.length; start++) {
    if (seen[start] || labels[start] === BACKGROUND) continue;
    const { pixels, middle } = flood({ labels, distances, seen, stack, ...size }, start);
    if (pixels < least) continue;
    const [x, y] = [middle % size.width, Math.floor(middle / size.width)];
    found.push({ label: labels[start] as number, x, y, radius: (distances[middle] as number) / BESIDE });
  }
  return found;
}

interface Flood extends Size {
  readonly labels: Uint8Array;
  readonly distances: Uint16Array;
  readonly seen: Uint8Array;
  readonly stack: Int32Array;
}

/** The region around a pixel: its size, and its pixel that is farthest from its border. Marks its pixels as seen. */
function flood({ labels, distances, seen, stack, width }: Flood, start: number): { pixels: number; middle: number } {
  const label = labels[start];
  let [depth, pixels, middle] = [1, 0, start];
  stack[0] = start;
  seen[start] = 1;
  while (depth > 0) {
    depth--;
    const at = stack[depth] as number;
    pixels++;
    if ((distances[at] as number) > (distances[middle] as number)) middle = at;
    const x = at % width;
    const neighbours = [x > 0 ? at - 1 : -1, x + 1 < width ? at + 1 : -1, at - width, at + width];
    for (const next of neighbours) {
      if (next < 0 || next >= labels.length || seen[next] || labels[next] !== label) continue;
      seen[next] = 1;
      stack[depth] = next;
      depth++;
    }
  }
  return { pixels, middle };
}

/** Of each pixel, thirds of a pixel to the nearest pixel of another label or to the picture's border. */
function distancesToBorder(labels: Uint8Array, { width, height }: Size): Uint16Array {
  const out = new Uint16Array(labels.length);
  const stepTo = (i: number, dx: number, dy: number): number => {
    const [x, y] = [(i % width) + dx, Math.floor(i / width) + dy];
    const next = y * width + x;
    const step = dx !== 0 && dy !== 0 ? CORNER : BESIDE;
    const isInside = x >= 0 && x < width && y >= 0 && y < height && labels[next] === labels[i];
    return isInside ? (out[next] as number) + step : step;
  };
  for (let i = 0; i < labels.length; i++)
    out[i] = Math.min(stepTo(i, -1, 0), stepTo(i, 0, -1), stepTo(i, -1, -1), stepTo(i, 1, -1));
  for (let i = labels.length - 1; i >= 0; i--)
    out[i] = Math.min(out[i] as number, stepTo(i, 1, 0), stepTo(i, 0, 1), stepTo(i, 1, 1), stepTo(i, -1, 1));
  return out;
}
