/** The graph of the bands of a section, and the variants that run it: those of the whole graph. */
import { FcnError, isTooLarge } from "../../base/errors.js";
import { baseOf } from "../../kernel/border.js";
import { chooseVariant, defaultVariant, layoutOf, usableVariants } from "../../kernel/choice.js";
import type { VariantChoice, VariantPick } from "../../kernel/choice.js";
import type { Kernel } from "../../kernel/kernel.js";
import type { BaseLayoutName, LayoutName } from "../../kernel/layout.js";
import type { AnyProblem } from "../../kernel/problem.js";
import { formatShape } from "../../kernel/shape.js";
import type { AnyVariant, DeviceTraits, Precision } from "../../kernel/variant.js";
import { Graph } from "../graph.js";
import type { Node, Value } from "../graph.js";
import type { CutSection } from "./choose.js";
import { extentOf, withExtent } from "./grid.js";
import type { Grid } from "./grid.js";
import { attrsOfBand } from "./reach.js";

/** How the whole graph would choose its variants. */
export interface WholeChoice {
  readonly device: DeviceTraits;
  readonly choice: VariantChoice | VariantPick | undefined;
  readonly precision: Precision;
}

export interface BandGraph {
  readonly graph: Graph;
  readonly pick: VariantPick;
  /** Names of inputs and outputs in the graph, by value of the whole. */
  readonly inputNames: ReadonlyMap<Value, string>;
  readonly outputNames: ReadonlyMap<Value, string>;
}

/**
 * `layouts` has the layout of what earlier sections kept and of the inputs; those of the section's outputs are set.
 * @throws gpu-error for a call whose band is not what was planned, which is a bug
 */
export function bandGraph(
  grid: Grid,
  section: CutSection,
  layouts: Map<Value, LayoutName>,
  whole: WholeChoice,
): BandGraph {
  const { axis, views } = grid;
  const { bands, nodes, inputs, outputs } = section;
  const graph = new Graph();
  const cellsOf = (value: Value): number => bands.extents.get(value)?.cells ?? extentOf(value, axis);
  const inBand = new Map<Value, Value>();
  const inputNames = new Map(inputs.map((value, i) => [value, `${value.name} (${i})`]));
  for (const [value, name] of inputNames) {
    const layout = layouts.get(views.get(value)?.of ?? value) as LayoutName;
    inBand.set(value, graph.input(name, withExtent(value.shape, axis, cellsOf(value)), layout));
  }
  const picks = new Map<AnyProblem, string>();
  for (const { node, problem: ofWhole, reads } of nodes) {
    const problem = appendBand(graph, node, inBand, {
      axis,
      inputs: reads[0] ? cellsOf(reads[0].value) : 0,
      cellsOf,
    });
    const name = bandVariant(node.kernel, ofWhole, problem, whole);
    picks.set(problem, name);
    for (const [key, value] of Object.entries(node.outputs))
      layouts.set(value, keptLayout(layoutOf(node.kernel, node.kernel.variants[name] as AnyVariant, key)));
  }
  const outputNames = new Map(outputs.map((value, i) => [value, `${value.name} (${i})`]));
  for (const [value, name] of outputNames) graph.output(name, inBand.get(value) as Value, layouts.get(value));
  return { graph, pick: (_, problem) => picks.get(problem), inputNames, outputNames };
}

/** Kept maps lie in buffers. Both conversions of a texture keep every bit. */
function keptLayout(written: LayoutName): BaseLayoutName {
  const layout = baseOf(written);
  return layout === "tex4" ? "nhwc4" : layout;
}

interface BandSizes {
  readonly axis: 0 | 1;
  /** Cells of the first input. */
  readonly inputs: number;
  readonly cellsOf: (value: Value) => number;
}

function appendBand(
  graph: Graph,
  { kernel, label, problem, tensors, weights, outputs }: Node,
  inBand: Map<Value, Value>,
  { axis, inputs, cellsOf }: BandSizes,
): AnyProblem {
  const [first] = Object.values(outputs);
  const attrs = attrsOfBand(kernel.name, problem, axis, { inputs, outputs: cellsOf(first as Value) });
  const operands = Object.entries(tensors).map(([key, value]) => [key, inBand.get(value) as Value] as const);
  const made = graph.append(label, kernel, { ...Object.fromEntries(operands), ...weights }, attrs);
  for (const [key, value] of Object.entries(outputs)) {
    const own = made[key] as Value;
    const planned = formatShape(withExtent(value.shape, axis, cellsOf(value)));
    if (formatShape(own.shape) !== planned)
      throw new FcnError("gpu-error", `${label}: a band of it is ${formatShape(own.shape)}, planned ${planned}`);
    inBand.set(value, own);
  }
  return (graph.nodes.at(-1) as Node).problem;
}

/**
 * The variant that the whole call would run, so that sums have its order. Where only the band fits in textures, it is
 * the band's own: the whole would fall back on a variant for buffers, which is slower by far on software adapters.
 */
function bandVariant(
  kernel: Kernel,
  problem: AnyProblem,
  band: AnyProblem,
  { device, choice, precision }: WholeChoice,
): string {
  const ofWhole = orUndefined(() => chooseVariant(kernel, problem, device, choice, precision));
  const named = typeof choice === "function" ? choice(kernel, band) : choice?.[kernel.name];
  const own = named ?? defaultVariant(kernel, band, device, precision);
  if (ofWhole !== undefined && usableVariants(kernel, band, device).includes(ofWhole)) {
    const layoutsOf = (name: string): string => JSON.stringify(kernel.variants[name]?.layouts ?? {});
    if (own === undefined || layoutsOf(own) === layoutsOf(ofWhole)) return ofWhole;
  }
  return own ?? chooseVariant(kernel, band, device, choice, precision);
}

function orUndefined<T>(choose: () => T): T | undefined {
  try {
    return choose();
  } catch (error) {
    if (isTooLarge(error)) return undefined;
    throw error;
  }
}
