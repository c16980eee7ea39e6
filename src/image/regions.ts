/** What a label map holds: pixels, bounding boxes and connected regions of each class. Browser-safe. */
import { badOption } from "../base/errors.js";
import { describeValue } from "../base/options.js";
import { checkedLabels } from "./label-checks.js";
import { BACKGROUND_LABEL } from "./palette.js";

/**
 * [x, y, width, height] in pixels of the smallest upright rectangle, from the picture's top left corner, as in COCO.
 * https://cocodataset.org/#format-data
 */
export type Box = readonly [number, number, number, number];

/** Pixels that belong together: those of a class, or one connected part of them. */
export interface Region {
  /** How many they are. */
  readonly pixels: number;
  /** The rectangle around them. */
  readonly box: Box;
}

/** All pixels of a class, and the connected regions that they form. */
export interface ClassArea extends Region {
  /** The class, 0 to 255. */
  readonly label: number;
  /** Connected parts (8 neighbours), the largest first, without those below `minPixels`. Empty for the background. */
  readonly regions: readonly Region[];
}

/** Grows with every pixel added. */
class Bounds {
  pixels = 0;
  #left = Infinity;
  #top = Infinity;
  #right = -1;
  #bottom = -1;

  add(x: number, y: number): void {
    this.pixels++;
    if (x < this.#left) this.#left = x;
    if (x > this.#right) this.#right = x;
    if (y < this.#top) this.#top = y;
    if (y > this.#bottom) this.#bottom = y;
  }

  get region(): Region {
    return {
      pixels: this.pixels,
      box: [this.#left, this.#top, this.#right - this.#left + 1, this.#bottom - this.#top + 1],
    };
  }
}

interface Flood {
  readonly labels: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** 1 for pixels whose region was found. */
  readonly seen: Uint8Array;
  /** Room for the pixels whose neighbours are still to be looked at. */
  readonly stack: Int32Array;
}

/** The region around a pixel. Marks its pixels as seen. */
function floodRegion({ labels, width, height, seen, stack }: Flood, start: number): Region {
  const label = labels[start];
  const bounds = new Bounds();
  let depth = 1;
  stack[0] = start;
  seen[start] = 1;
  while (depth > 0) {
    depth--;
    const at = stack[depth] as number;
    const x = at % width;
    const y = Math.floor(at / width);
    bounds.add(x, y);
    for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
      for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
        const next = v * width + u;
        if (seen[next] || labels[next] !== label) continue;
        seen[next] = 1;
        stack[depth] = next;
        depth++;
      }
    }
  }
  return bounds.region;
}

/**
 * Pixels, bounding boxes and connected regions of every label that occurs, in ascending order of the labels. Pixels
 * that touch at a corner are connected. `fcn segment --format json` writes these.
 *
 * @param labels one label (0 to 255) a pixel, row by row
 * @param width of the map, in pixels
 * @param height of the map, in pixels
 * @param minPixels regions with fewer pixels are specks and left out. The class's own box and count keep them. Default
 *   1, which keeps all.
 * @throws FcnError bad-image when labels and size do not fit each other; bad-option when `minPixels` is not a whole
 *   number of 1 or more
 * @example
 * import { classAreas } from "fcn-webgpu/image";
 *
 * const [background, person] = classAreas(Uint8Array.of(0, 15, 15, 0, 15, 0), 3, 2);
 * console.log(background?.pixels, person?.pixels, person?.box.join()); // prints 3 3 1,0,2,2
 */
export function classAreas(labels: ArrayLike<number>, width: number, height: number, minPixels = 1): ClassArea[] {
  const map = checkedLabels("classAreas", labels, width, height);
  if (!Number.isInteger(minPixels) || minPixels < 1)
    throw badOption(`classAreas: minPixels must be a whole number of 1 or more, got ${describeValue(minPixels)}`);
  const areas: (Bounds | undefined)[] = [];
  const regions = new Map<number, Region[]>();
  const seen = new Uint8Array(map.length);
  const flood = { labels: map, width, height, seen, stack: new Int32Array(map.length) };
  for (let i = 0; i < map.length; i++) {
    const label = map[i] as number;
    let area = areas[label];
    if (!area) {
      area = new Bounds();
      areas[label] = area;
    }
    area.add(i % width, Math.floor(i / width));
    if (label === BACKGROUND_LABEL || seen[i]) continue;
    const region = floodRegion(flood, i);
    if (region.pixels < minPixels) continue;
    const ofLabel = regions.get(label) ?? [];
    ofLabel.push(region);
    regions.set(label, ofLabel);
  }
  // Regions were found row by row, and the sort is stable: equal ones stay in the order of their topmost pixels.
  const largestFirst = (label: number): Region[] => (regions.get(label) ?? []).sort((a, b) => b.pixels - a.pixels);
  return areas.flatMap((area, label) => (area ? [{ label, ...area.region, regions: largestFirst(label) }] : []));
}
