/**
 * Where a graph is cut into sections. A section with many calls computes many cells at the edges of its bands in vain;
 * each cut keeps a map and copies it. The cheapest division is found by going through the calls once (dynamic
 * programming over the places where a cut may be).
 */
import { FcnError, limitTooSmall } from "../../base/errors.js";
import { formatShape } from "../../kernel/shape.js";
import type { Value } from "../graph.js";
import { valuesRead } from "./grid.js";
import type { Grid } from "./grid.js";
import { largestBinding } from "./band-memory.js";
import type { BandLimits } from "./band-memory.js";
import { bandsOf, costOfBands, leastSizes } from "./section.js";
import type { Bands, Section } from "./section.js";

export interface CutSection extends Section {
  readonly bands: Bands;
}

export type ChoiceLimits = Omit<BandLimits, "inTextures" | "budget">;

/** Bytes of the maps that live at once in a band: half of what WebGPU promises for one binding. */
const BUDGET = 2 ** 26;

/** The most calls of a section. With more, the rows computed twice are more than the others. */
const MOST_CALLS = 64;

interface Best {
  readonly cost: number;
  readonly section: CutSection | undefined;
  /** Index of the first call of the section. */
  readonly from: number;
}

export interface ChosenSections {
  /** In order. */
  readonly sections: readonly CutSection[];
  readonly cost: number;
}

/** The cheapest division. Undefined where none fits. */
export function chooseSections(
  grid: Grid,
  outputs: ReadonlySet<Value>,
  limits: ChoiceLimits,
): ChosenSections | undefined {
  const uses = usesOf(grid, outputs);
  if (firstThatFails(grid, uses, limits)) return undefined;
  const alive = grid.nodes.map((_, cut) => aliveAt(uses, cut));
  // Cuts inside a block of the network keep two maps, and are needed only where a block does not fit.
  const isBetweenBlocks = (cut: number): boolean =>
    mustCut(grid, cut) || [cut - 1, cut + 1].every((i) => (alive[cut] as number) <= (alive[i] ?? Infinity));
  return cheapest(grid, uses, limits, isBetweenBlocks) ?? cheapest(grid, uses, limits, () => true);
}

/** A call that does not fit even as a section of its own. Then the graph cannot be divided. */
function firstThatFails(grid: Grid, uses: Uses, limits: ChoiceLimits): Section | undefined {
  const alone = grid.nodes.map((_, i) => sectionOf(grid, uses, i, i + 1));
  return alone.find((section) => !bandsAndCost(grid, section, limits));
}

/** The error of a graph that cannot be divided. */
export function whyNot(grid: Grid, outputs: ReadonlySet<Value>, limits: ChoiceLimits): FcnError {
  const section = firstThatFails(grid, usesOf(grid, outputs), limits);
  const most = largestBinding(limits.device);
  const [first, ...others] = section ? leastSizes(grid, section, limits.precision) : [];
  if (!first) return new FcnError("limit-too-small", `no bands of it fit the ${most} bytes of a binding`);
  const { name, shape, bytes } = others.reduce((a, b) => (b.bytes > a.bytes ? b : a), first);
  const what = `in bands, tensor ${name} ${formatShape(shape)}`;
  return limitTooSmall(what, "maxStorageBufferBindingSize", bytes, most);
}

function cheapest(
  grid: Grid,
  uses: Uses,
  limits: ChoiceLimits,
  mayCut: (index: number) => boolean,
): ChosenSections | undefined {
  const { length } = grid.nodes;
  const best: (Best | undefined)[] = [{ cost: 0, section: undefined, from: 0 }];
  for (let to = 1; to <= length; to++) {
    if (!mayCut(to)) continue;
    for (let from = to - 1; from >= 0 && from >= to - MOST_CALLS; from--) {
      const before = best[from];
      if (before) {
        const section = sectionOf(grid, uses, from, to);
        const found = bandsAndCost(grid, section, limits);
        const cost = before.cost + (found?.cost ?? Infinity);
        if (found && cost < (best[to]?.cost ?? Infinity))
          best[to] = { cost, section: { ...section, bands: found.bands }, from };
      }
      if (mustCut(grid, from)) break;
    }
  }
  const sections = backwards(best, length);
  return sections && { sections, cost: best[length]?.cost ?? 0 };
}

/** How much slower a software adapter is where maps do not fit its textures. */
const WITHOUT_TEXTURES = 24;
/** Bands that are longer than the caller asked for are taken only where there is no other way. */
const LONGER_THAN_ASKED = 24;

function bandsAndCost(
  grid: Grid,
  section: Section,
  limits: ChoiceLimits,
): { readonly bands: Bands; readonly cost: number } | undefined {
  const { software } = limits.device;
  for (const inTextures of software ? [true, false] : [false]) {
    // More memory only where nothing fits in less.
    for (const budget of [BUDGET, 4 * BUDGET, Infinity]) {
      const bands = bandsOf(grid, section, { ...limits, inTextures, budget });
      if (!bands) continue;
      const isLonger = bands.length > (limits.tile ?? Infinity);
      const factor = (inTextures === software ? 1 : WITHOUT_TEXTURES) * (isLonger ? LONGER_THAN_ASKED : 1);
      return { bands, cost: factor * costOfBands(grid, section, bands) };
    }
  }
  return undefined;
}

function backwards(best: readonly (Best | undefined)[], end: number): CutSection[] | undefined {
  const sections: CutSection[] = [];
  for (let at = end; at > 0;) {
    const { section, from } = best[at] ?? {};
    if (!section || from === undefined) return undefined;
    sections.unshift(section);
    at = from;
  }
  return sections;
}

/** When values are made and last read: indices of calls. */
interface Uses {
  readonly made: ReadonlyMap<Value, number>;
  readonly read: ReadonlyMap<Value, number>;
}

function usesOf(grid: Grid, outputs: ReadonlySet<Value>): Uses {
  const made = new Map<Value, number>();
  const read = new Map<Value, number>();
  for (const [i, { node, reads }] of grid.nodes.entries()) {
    for (const value of Object.values(node.outputs)) made.set(value, i);
    for (const { value } of reads) read.set(grid.views.get(value)?.of ?? value, i);
  }
  for (const value of outputs) read.set(value, Infinity);
  return { made, read };
}

function aliveAt({ made, read }: Uses, cut: number): number {
  let alive = 0;
  for (const [value, index] of made) if (index < cut && (read.get(value) ?? 0) >= cut) alive += 1;
  return alive;
}

/** Whether calls from `index` on cannot be in a section with those before: they are on another grid, or read a view. */
function mustCut({ nodes, views }: Grid, index: number): boolean {
  const [before, node] = [nodes[index - 1], nodes[index]];
  return !node || before?.grid !== node.grid || node.reads.some(({ value }) => views.has(value));
}

function sectionOf(grid: Grid, { made, read }: Uses, from: number, to: number): Section {
  const nodes = grid.nodes.slice(from, to);
  const values = nodes.flatMap(({ node }) => Object.values(node.outputs));
  return {
    nodes,
    inputs: valuesRead(nodes).filter((value) => (made.get(value) ?? -1) < from),
    outputs: values.filter((value) => (read.get(value) ?? -1) >= to),
  };
}
