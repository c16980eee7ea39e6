/** Where the names of regions stand: in the largest circle inside each region that is large enough. */
import type { RegionName } from "../messages.js";
import { countLabels } from "./label-counts.js";
import { fit } from "./picture-sizes.js";
import { nearestPixel, resizedLabels } from "./resized-labels.js";
import type { MapSize } from "./resized-labels.js";

/** Larger maps are searched at this longest side: it is done for every frame of the camera, for every network. */
const LONGEST = 384;
/** Regions smaller than this share of the picture get no name. */
const LEAST_SHARE = 0.006;
/** Steps to a neighbour beside and to one at a corner, in thirds of a pixel (chamfer distance). */
const BESIDE = 3;
const CORNER = 4;
const BACKGROUND = 0;

/** @returns circles in pixels of this label map */
export function regionNames(labels: Uint8Array, { width, height }: MapSize): RegionName[] {
  const [columns, rows] = fit([width, height], LONGEST);
  const small = { width: columns, height: rows };
  const scale = Math.max(width, height) / Math.max(columns, rows);
  return namesAt(resizedLabels(labels, { width, height }, small), small).map(({ label, x, y, radius }) => ({
    label,
    x: nearestPixel(x, width, small.width),
    y: nearestPixel(y, height, small.height),
    radius: radius * scale,
  }));
}

function namesAt(labels: Uint8Array, size: MapSize): RegionName[] {
  const least = LEAST_SHARE * labels.length;
  const counts = countLabels(labels);
  const isLarge = Uint8Array.from({ length: 256 }, (_, label) => Number((counts[label] ?? 0) >= least));
  isLarge[BACKGROUND] = 0;
  if (!isLarge.includes(1)) return [];
  const distances = distancesToBorder(labels, size);
  const seen = new Uint8Array(labels.length);
  const stack = new Int32Array(labels.length);
  const found: RegionName[] = [];
  for (let start = 0; start < labels.length; start++) {
    if (seen[start] || !isLarge[labels[start] as number]) continue;
    const { pixels, middle } = flood({ labels, distances, seen, stack, ...size }, start);
    if (pixels < least) continue;
    const [x, y] = [middle % size.width, Math.floor(middle / size.width)];
    found.push({ label: labels[start] as number, x, y, radius: (distances[middle] as number) / BESIDE });
  }
  return found;
}

interface Flood extends MapSize {
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
function distancesToBorder(labels: Uint8Array, { width, height }: MapSize): Uint16Array {
  const out = new Uint16Array(labels.length);
  /** Over the neighbour at (`x`, `y`), whose pixel is number `next`; a step where that is another region's. */
  const over = (i: number, next: number, x: number, y: number, step: number): number => {
    const isInside = x >= 0 && x < width && y >= 0 && y < height && labels[next] === labels[i];
    return isInside ? (out[next] as number) + step : step;
  };
  /** The least over the neighbours of a pixel that come before it, or after it where `way` is 1. */
  const least = (i: number, x: number, y: number, way: 1 | -1): number =>
    Math.min(
      over(i, i + way, x + way, y, BESIDE),
      over(i, i + way * width, x, y + way, BESIDE),
      over(i, i + way * (width + 1), x + way, y + way, CORNER),
      over(i, i + way * (width - 1), x - way, y + way, CORNER),
    );
  for (let y = 0, i = 0; y < height; y++) for (let x = 0; x < width; x++, i++) out[i] = least(i, x, y, -1);
  for (let y = height - 1, i = labels.length - 1; y >= 0; y--)
    for (let x = width - 1; x >= 0; x--, i--) out[i] = Math.min(out[i] as number, least(i, x, y, 1));
  return out;
}
