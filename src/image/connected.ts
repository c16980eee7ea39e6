/**
 * The connected regions of a label map, found row by row. A row is cut into runs: neighbours of one label. A run joins
 * the regions of the row above that it touches, at a corner too. So the work grows with the runs, and only the regions
 * of two rows are open at a time. Browser-safe.
 */

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

/** Grows with every run added. */
export class Bounds {
  pixels = 0;
  #left = Infinity;
  #top = Infinity;
  #right = -1;
  #bottom = -1;

  /** Adds the pixels of row `y` from `start` to before `end`. */
  add(y: number, start: number, end: number): void {
    this.pixels += end - start;
    this.#left = Math.min(this.#left, start);
    this.#top = Math.min(this.#top, y);
    this.#right = Math.max(this.#right, end - 1);
    this.#bottom = Math.max(this.#bottom, y);
  }

  join(other: Bounds): void {
    this.pixels += other.pixels;
    this.#left = Math.min(this.#left, other.#left);
    this.#top = Math.min(this.#top, other.#top);
    this.#right = Math.max(this.#right, other.#right);
    this.#bottom = Math.max(this.#bottom, other.#bottom);
  }

  get bottom(): number {
    return this.#bottom;
  }

  get region(): Region {
    return {
      pixels: this.pixels,
      box: [this.#left, this.#top, this.#right - this.#left + 1, this.#bottom - this.#top + 1],
    };
  }
}

/** A region, or a part of one whose other parts join it further down. */
class Part {
  readonly bounds = new Bounds();
  /** The part that took this one in. */
  into: Part | undefined;
  isClosed = false;

  /** @param first index of its first pixel, row by row */
  constructor(
    readonly label: number,
    public first: number,
  ) {}

  join(other: Part): void {
    if (other === this) return;
    other.into = this;
    this.first = Math.min(this.first, other.first);
    this.bounds.join(other.bounds);
  }
}

/** The part that has taken in this one, and all the others that it touches. */
function wholeOf(part: Part): Part {
  let whole = part;
  while (whole.into) whole = whole.into;
  return whole;
}

interface Run {
  readonly start: number;
  readonly end: number;
  part: Part;
}

/** A region, and the index of its first pixel. */
export interface FoundRegion extends Region {
  readonly label: number;
  readonly first: number;
}

/** Takes the rows of a label map from the top. */
export class RegionFinder {
  readonly found: FoundRegion[] = [];
  readonly #width: number;
  readonly #minPixels: number;
  #above: readonly Run[] = [];
  #row: Run[] = [];
  /** The first run of the row above that a run further right may touch. */
  #next = 0;

  constructor(width: number, minPixels: number) {
    this.#width = width;
    this.#minPixels = minPixels;
  }

  /** Adds a run of row `y`. Runs come from left to right. */
  add(y: number, start: number, end: number, label: number): void {
    const above = this.#above;
    while ((above[this.#next]?.end ?? Infinity) < start) this.#next++;
    let part: Part | undefined;
    for (let i = this.#next; i < above.length; i++) {
      const run = above[i] as Run;
      if (run.start > end) break;
      if (run.part.label !== label) continue;
      const other = wholeOf(run.part);
      part ??= other;
      part.join(other);
    }
    part ??= new Part(label, y * this.#width + start);
    part.bounds.add(y, start, end);
    this.#row.push({ start, end, part });
  }

  /** Ends row `y`: regions that it does not touch are whole. */
  endRow(y: number): void {
    for (const run of this.#row) run.part = wholeOf(run.part);
    for (const { part } of this.#above) this.#closeUnless(wholeOf(part), y);
    this.#above = this.#row;
    this.#row = [];
    this.#next = 0;
  }

  /** Regions that have pixels in row `y` stay open. */
  #closeUnless(part: Part, y: number): void {
    const { bounds, label, first } = part;
    if (part.isClosed || bounds.bottom === y) return;
    part.isClosed = true;
    if (bounds.pixels >= this.#minPixels) this.found.push({ label, first, ...bounds.region });
  }
}
