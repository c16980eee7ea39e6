/** What a label map holds: pixels, bounding boxes and connected regions of each class. Browser-safe. */
import { badOption } from "../base/errors.js";
import { describeValue } from "../base/options.js";
import { Bounds, RegionFinder } from "./connected.js";
import type { Region } from "./connected.js";
import { checkedLabels } from "./label-checks.js";
import { BACKGROUND_LABEL } from "./palette.js";

/** All pixels of a class, and the connected regions that they form. */
export interface ClassArea extends Region {
  /** The class, 0 to 255. */
  readonly label: number;
  /** Connected parts (8 neighbours), the largest first, without those below `minPixels`. Empty for the background. */
  readonly regions: readonly Region[];
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
  const finder = new RegionFinder(width, minPixels);
  for (let y = 0; y < height; y++) {
    const rowEnd = (y + 1) * width;
    for (let start = y * width, end = start; start < rowEnd; start = end) {
      const label = map[start] as number;
      while (end < rowEnd && map[end] === label) end++;
      const [left, right] = [start - y * width, end - y * width];
      (areas[label] ??= new Bounds()).add(y, left, right);
      if (label !== BACKGROUND_LABEL) finder.add(y, left, right, label);
    }
    finder.endRow(y);
  }
  finder.endRow(height);
  const regions = new Map<number, Region[]>();
  for (const { label, pixels, box } of finder.found.sort((a, b) => b.pixels - a.pixels || a.first - b.first)) {
    const ofLabel = regions.get(label) ?? [];
    ofLabel.push({ pixels, box });
    regions.set(label, ofLabel);
  }
  return areas.flatMap((area, label) => (area ? [{ label, ...area.region, regions: regions.get(label) ?? [] }] : []));
}
