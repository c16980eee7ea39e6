/** Outlines of classes as polygons, along the borders of pixels. Browser-safe. */
import { badOption } from "../base/errors.js";
import { describeValue } from "../base/options.js";
import { checkedLabels, labelSet } from "./label-checks.js";
import { classMask } from "./masks.js";

/** A closed line of corners [x, y] in pixels from the picture's top left corner; the last corner is the first. */
export type Ring = readonly (readonly [x: number, y: number])[];

/** An outer ring, clockwise as seen on the screen, then one for each hole, the other way round. */
export type Polygon = readonly Ring[];

/** Columns and rows of a step: right, down, left, up. The next one is a turn to the right. */
const STEPS = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const;
type Direction = 0 | 1 | 2 | 3;
const RIGHT = 0;
const turnedBy = (direction: Direction, quarters: number): Direction => ((direction + quarters) & 3) as Direction;

/** Where a pixel's edge ends that is walked in this direction, with the pixel on the right hand. */
const ENDS = [
  [1, 0],
  [1, 1],
  [0, 1],
  [0, 0],
] as const;

class Outlines {
  /** The number of each pixel's part, from 1 on; 0 where it is not known. */
  readonly parts: Int32Array;
  /** 1 for pixels whose upper edge is on a known ring. Every ring has such an edge. */
  readonly #walked: Uint8Array;
  readonly #stack: Int32Array;

  constructor(
    readonly mask: Uint8Array,
    readonly width: number,
    readonly height: number,
  ) {
    this.parts = new Int32Array(mask.length);
    this.#walked = new Uint8Array(mask.length);
    this.#stack = new Int32Array(mask.length);
  }

  isInside(x: number, y: number): boolean {
    return x >= 0 && y >= 0 && x < this.width && y < this.height && this.mask[y * this.width + x] !== 0;
  }

  /** Whether a ring starts here: the upper edge of this pixel is a border, and on no ring yet. */
  startsRing(x: number, y: number): boolean {
    return this.isInside(x, y) && !this.isInside(x, y - 1) && this.#walked[y * this.width + x] === 0;
  }

  /** The ring that runs along the upper edge of a pixel. Marks its upper edges as walked. */
  ringFrom(startX: number, startY: number): Ring {
    const ring: [number, number][] = [];
    let [x, y] = [startX, startY];
    let direction: Direction = RIGHT;
    do {
      if (direction === RIGHT) this.#walked[y * this.width + x] = 1;
      const [dx, dy] = STEPS[direction];
      const left = turnedBy(direction, 3);
      const [leftX, leftY] = STEPS[left];
      const corner: [number, number] = [x + ENDS[direction][0], y + ENDS[direction][1]];
      if (!this.isInside(x + dx, y + dy)) {
        ring.push(corner);
        direction = turnedBy(direction, 1);
      } else if (this.isInside(x + dx + leftX, y + dy + leftY)) {
        ring.push(corner);
        [x, y] = [x + dx + leftX, y + dy + leftY];
        direction = left;
      } else {
        [x, y] = [x + dx, y + dy];
      }
    } while (x !== startX || y !== startY || direction !== RIGHT);
    const last = ring[ring.length - 1] as [number, number];
    return [[...last], ...ring];
  }

  /** Gives the part (4 neighbours) around a pixel its number. Returns its count of pixels. */
  markPart(start: number, part: number): number {
    let depth = 1;
    let pixels = 0;
    this.#stack[0] = start;
    this.parts[start] = part;
    while (depth > 0) {
      depth--;
      const at = this.#stack[depth] as number;
      pixels++;
      const [x, y] = [at % this.width, Math.floor(at / this.width)];
      for (const [dx, dy] of STEPS) {
        const next = at + dy * this.width + dx;
        if (!this.isInside(x + dx, y + dy) || this.parts[next] !== 0) continue;
        this.parts[next] = part;
        this.#stack[depth] = next;
        depth++;
      }
    }
    return pixels;
  }
}

/**
 * The outlines of one class or several as polygons along the borders of pixels, topmost first. Pixels that touch only
 * at a corner are of two polygons, and a ring may touch itself at a corner. Corners have whole numbers, and there are
 * none on straight lines. The result is what GeoJSON calls the coordinates of a MultiPolygon (RFC 7946), in pixels.
 *
 * @param labels one label (0 to 255) a pixel, row by row
 * @param width of the map, in pixels
 * @param height of the map, in pixels
 * @param classes labels inside the polygons. Default: all but the background (0) as one.
 * @param minPixels polygons with fewer pixels are left out. Default 1, which keeps all.
 * @throws FcnError bad-image when labels and size do not fit each other; bad-option for classes that are not labels,
 *   and when `minPixels` is not a whole number of 1 or more
 * @example
 * import { classPolygons } from "fcn-webgpu/image";
 *
 * const [polygon] = classPolygons(Uint8Array.of(0, 15, 15), 3, 1, 15);
 * console.log(JSON.stringify(polygon)); // prints [[[1,0],[3,0],[3,1],[1,1],[1,0]]]
 */
export function classPolygons(
  labels: ArrayLike<number>,
  width: number,
  height: number,
  classes?: number | Iterable<number>,
  minPixels = 1,
): Polygon[] {
  const map = checkedLabels("classPolygons", labels, width, height);
  if (!Number.isInteger(minPixels) || minPixels < 1)
    throw badOption(`classPolygons: minPixels must be a whole number of 1 or more, got ${describeValue(minPixels)}`);
  const chosen = classes === undefined ? undefined : labelSet("classPolygons", classes);
  const outlines = new Outlines(classMask(map, chosen), width, height);
  const found: { readonly rings: Ring[]; readonly pixels: number }[] = [];
  for (let i = 0; i < map.length; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    if (!outlines.startsRing(x, y)) continue;
    // A part's first pixel lies on its outer ring. Rings that start at later pixels are holes.
    if (outlines.parts[i] === 0) {
      const pixels = outlines.markPart(i, found.length + 1);
      found.push({ rings: [outlines.ringFrom(x, y)], pixels });
    } else {
      found[(outlines.parts[i] as number) - 1]?.rings.push(outlines.ringFrom(x, y));
    }
  }
  return found.filter(({ pixels }) => pixels >= minPixels).map(({ rings }) => rings);
}
