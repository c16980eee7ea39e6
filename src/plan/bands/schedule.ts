/**
 * The order in which the bands of all sections run: a section runs as far as the next one needs it, so that little of
 * each map is kept. The order is the same for every run, and so is the number of cells that each kept map holds.
 */
import type { Value } from "../graph.js";
import type { CutSection } from "./choose.js";
import { extentOf } from "./grid.js";
import type { Grid, GridNode, Place } from "./grid.js";
import { firstCell, positionsOf } from "./positions.js";

/** Cells of an input that a band reads. They may lie outside the value where it is a view with zeros around it. */
export interface ReadCells {
  readonly value: Value;
  /** The value itself, or the value that it is a view of. */
  readonly source: Value;
  /** Cell of the source with which the band begins; cells before 0 and after the last are zeros. */
  readonly start: number;
  readonly cells: number;
}

/** New cells of an output. */
export interface MadeCells {
  readonly value: Value;
  /** Cell of the whole with which the band begins. */
  readonly start: number;
  readonly from: number;
  readonly to: number;
}

export interface ScheduledBand {
  readonly section: number;
  /** Pixel of the section's grid with which it begins. */
  readonly origin: number;
  readonly reads: readonly ReadCells[];
  readonly makes: readonly MadeCells[];
}

export interface Schedule {
  readonly bands: readonly ScheduledBand[];
  /** Cells that are kept of a value, by value. */
  readonly kept: ReadonlyMap<Value, number>;
}

/** `given` are the outputs of the graph, which the host gets. */
export function scheduleOf(grid: Grid, sections: readonly CutSection[], given: ReadonlySet<Value>): Schedule {
  const run = new DryRun(grid, sections);
  // Those that make outputs advance side by side, because they read the same maps.
  const ends = sections.flatMap(({ outputs }, i) => (outputs.some((value) => given.has(value)) ? [i] : []));
  for (;;) {
    const open = ends.filter((section) => run.doneOf(section) < 1);
    if (open.length === 0) return { bands: run.bands, kept: run.kept };
    run.step(open.reduce((a, b) => (run.doneOf(b) < run.doneOf(a) ? b : a)));
  }
}

class DryRun {
  readonly bands: ScheduledBand[] = [];
  readonly kept = new Map<Value, number>();
  readonly #grid: Grid;
  readonly #sections: readonly CutSection[];
  /** Index of the next band of every section. */
  readonly #next: number[];
  /** Cells that are there, by value. */
  readonly #made = new Map<Value, number>();
  readonly #makers = new Map<Value, number>();
  readonly #readers = new Map<Value, { readonly section: number; readonly value: Value }[]>();

  constructor(grid: Grid, sections: readonly CutSection[]) {
    this.#grid = grid;
    this.#sections = sections;
    this.#next = sections.map(() => 0);
    for (const [section, { inputs, outputs }] of sections.entries()) {
      for (const value of outputs) this.#makers.set(value, section);
      for (const value of inputs) {
        const source = grid.views.get(value)?.of ?? value;
        this.#readers.set(source, [...(this.#readers.get(source) ?? []), { section, value }]);
      }
    }
  }

  /** The share of a section's bands that have run. */
  doneOf(section: number): number {
    return (this.#next[section] as number) / (this.#sections[section] as CutSection).bands.count;
  }

  /** Runs the next band of a section, after what it reads. */
  step(section: number): void {
    const { inputs, outputs, bands } = this.#sections[section] as CutSection;
    const index = this.#next[section] as number;
    const reads = inputs.map((value) => this.#readOf(section, value, index));
    for (const { source, start, cells } of reads) this.#make(source, start + cells);
    const origin = Math.min(index * bands.step, bands.last);
    this.#next[section] = index + 1;
    const makes = outputs.map((value): MadeCells => {
      const { scale } = this.#grid.places.get(value) as Place;
      const start = origin / scale;
      const isLast = index + 1 === bands.count;
      const to = isLast ? extentOf(value, this.#grid.axis) : start + (bands.extents.get(value)?.high as number);
      const from = this.#made.get(value) ?? 0;
      this.#made.set(value, to);
      return { value, start, from, to };
    });
    this.bands.push({ section, origin, reads, makes });
    for (const { value, to } of makes) {
      const cells = to - this.#oldestOf(value);
      if (this.#readers.has(value)) this.kept.set(value, Math.max(this.kept.get(value) ?? 0, cells));
    }
  }

  #make(source: Value, end: number): void {
    const maker = this.#makers.get(source);
    if (maker === undefined) return;
    const needed = Math.min(end, extentOf(source, this.#grid.axis));
    while ((this.#made.get(source) ?? 0) < needed) this.step(maker);
  }

  /** The first cell of a value that a band still reads. */
  #oldestOf(value: Value): number {
    const readers = this.#readers.get(value) ?? [];
    const firsts = readers.map((reader) => {
      const index = this.#next[reader.section] as number;
      if (index >= (this.#sections[reader.section] as CutSection).bands.count) return Infinity;
      return Math.max(0, this.#readOf(reader.section, reader.value, index).start);
    });
    return Math.min(this.#made.get(value) as number, ...firsts);
  }

  #readOf(section: number, value: Value, index: number): ReadCells {
    const { nodes, bands } = this.#sections[section] as CutSection;
    const view = this.#grid.views.get(value);
    const source = view?.of ?? value;
    const extent = bands.extents.get(value);
    if (!extent) return { value, source, start: 0, cells: extentOf(value, this.#grid.axis) };
    const { cells } = extent;
    const origin = Math.min(index * bands.step, bands.last);
    const positioned = nodes.find(({ reads }) => reads.some((r) => r.value === value && r.need === "positions"));
    if (positioned) return { value, source, start: this.#positionOf(positioned, value, origin, cells), cells };
    const { scale } = this.#grid.places.get(value) as Place;
    return { value, source, start: origin / scale - (view?.shift ?? 0), cells };
  }

  #positionOf({ node }: GridNode, value: Value, origin: number, read: number): number {
    const { axis } = this.#grid;
    return firstCell(positionsOf(node, axis), origin, { read, cells: extentOf(value, axis) });
  }
}
