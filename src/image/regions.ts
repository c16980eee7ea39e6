/** What a label map holds: pixels, bounding boxes and connected regions of each class. Browser-safe. */
import { FcnError } from "../base/errors.js";

/** [x, y, width, height] of the smallest upright rectangle, from the picture's top left corner, as in COCO. */
export type Box = readonly [number, number, number, number];

export interface Region {
  readonly pixels: number;
  readonly box: Box;
}

export interface ClassArea extends Region {
  readonly label: number;
  /** Its connected parts (8 neighbours), the largest first; those smaller than `minPixels` are left out. None for the background. */
  readonly regions: readonly Region[];
}

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

/** Every label that occurs, ascending. @throws bad-image */
export function classAreas(labels: Uint8Array, width: number, height: number, minPixels = 1): ClassArea[] {
  if (labels.length !== width * height)
    throw new FcnError(
      "bad-image",
      `regions: ${width} x ${height} needs ${width * height} labels, got ${labels.length}`,
    );
  const areas: (Bounds | undefined)[] = [];
  const regions = new Map<number, Region[]>();
  const seen = new Uint8Array(labels.length);
  const stack = new Int32Array(labels.length);
  for (let start = 0; start < labels.length; start++) {
    const label = labels[start] as number;
    const area = (areas[label] ??= new Bounds());
    area.add(start % width, Math.floor(start / width));
    if (label === 0 || seen[start]) continue;
    const bounds = new Bounds();
    let depth = 0;
    stack[depth++] = start;
    seen[start] = 1;
    while (depth > 0) {
      const at = stack[--depth] as number;
      const [x, y] = [at % width, Math.floor(at / width)];
      bounds.add(x, y);
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          const next = v * width + u;
          if (seen[next] || labels[next] !== label) continue;
          seen[next] = 1;
          stack[depth++] = next;
        }
      }
    }
    const own = regions.get(label) ?? [];
    if (bounds.pixels >= minPixels) own.push(bounds.region);
    regions.set(label, own);
  }
  // Found row by row, so that equals stay in the order of their topmost pixels.
  return areas.flatMap((area, label) =>
    area ? [{ label, ...area.region, regions: (regions.get(label) ?? []).sort((a, b) => b.pixels - a.pixels) }] : [],
  );
}
