/**
 * The calls of a graph with what bands need to know about them: which grid their values lie on, how many pixels a cell
 * of it spans, and what each call needs of its inputs along the axis that is cut.
 */
import { makeProblem } from "../../kernel/kernel.js";
import type { Kernel } from "../../kernel/kernel.js";
import { pair } from "../../kernel/problem.js";
import type { AnyProblem, Pair } from "../../kernel/problem.js";
import type { Nchw } from "../../kernel/shape.js";
import type { Axis } from "../../kernel/window.js";
import { Value } from "../graph.js";
import type { Node } from "../graph.js";
import { needOf, spanOf } from "./reach.js";
import type { Need, Reach } from "./reach.js";

/** Cell i of a value begins at pixel i * scale of its grid. Values of different grids have no rows in common. */
export interface Place {
  readonly grid: number;
  readonly scale: number;
}

/** A value with `shift` cells of zeros before and after it. */
export interface PaddedView {
  readonly of: Value;
  readonly shift: number;
}

/** One input of a call. */
export interface Read {
  readonly key: string;
  readonly value: Value;
  readonly need: Need;
}

export interface GridNode {
  readonly node: Node;
  /** Of the call as the whole graph has it: `node` may read a view instead. */
  readonly problem: AnyProblem;
  readonly reads: readonly Read[];
  readonly grid: number;
}

/** A graph, ready to be cut along an axis. */
export interface Grid {
  readonly axis: Axis;
  readonly nodes: readonly GridNode[];
  readonly places: ReadonlyMap<Value, Place>;
  readonly views: ReadonlyMap<Value, PaddedView>;
  /** Values that a plan of precision f16 stores as f16. */
  readonly halves: ReadonlySet<Value>;
}

/** Whether a kernel reads or writes this tensor as f16 in a plan of that precision. */
export const takesHalves = ({ variants }: Kernel, key: string): boolean =>
  Object.values(variants).some(({ precision, layouts }) => precision === "f16" && layouts?.[key] === "nhwc4-f16");

/** Cells of a value along the axis. */
export const extentOf = ({ shape }: Value, axis: Axis): number => shape[2 + axis] as number;

/** The shape with so many cells along the axis. */
export function withExtent([n, c, h, w]: Nchw, axis: Axis, size: number): Nchw {
  return axis === 0 ? [n, c, size, w] : [n, c, h, size];
}

/** `inputs` are the graph's. */
export function gridOfCalls(calls: readonly Node[], inputs: Iterable<Value>, axis: Axis): Grid {
  const places = new Map<Value, Place>();
  const views = new Map<Value, PaddedView>();
  const halves = new Set<Value>();
  let grids = 0;
  for (const value of inputs) places.set(value, { grid: 0, scale: 1 });
  const nodes = projectionsFirst(calls).map((call): GridNode => {
    const node = withoutWidePadding(call, axis, places, views);
    const needs = Object.entries(node.tensors).map(([key, value]): Read => {
      return { key, value, need: needOf(node.kernel.name, node.problem, axis, key) };
    });
    const onGrid = needs.find(({ need }) => typeof need === "object");
    const from = onGrid && places.get(onGrid.value);
    if (!from) grids += 1;
    const place = from ? scaled(from, onGrid.need as Reach) : { grid: grids, scale: 1 };
    const reads = needs.map((read) => (isOn(places.get(read.value), from) ? read : { ...read, need: wholeOf(read) }));
    for (const [key, value] of Object.entries(node.outputs)) {
      places.set(value, place);
      if (takesHalves(node.kernel, key)) halves.add(value);
    }
    return { node, problem: call.problem, reads, grid: place.grid };
  });
  return { axis, nodes, places, views, halves };
}

const isOn = (place: Place | undefined, from: Place | undefined): boolean => place?.grid === from?.grid;

/** A value of another grid has no rows in common with the call's. */
const wholeOf = ({ need }: Read): Need => (need === "positions" ? need : "whole");

const scaled = ({ grid, scale }: Place, { down, up }: Reach): Place => ({ grid, scale: (scale * down) / up });

/**
 * Projections to classes follow their features at once: what waits for the rest of the decoder is then the scores of a
 * map, not its many features.
 */
function projectionsFirst(calls: readonly Node[]): Node[] {
  const projections = calls.filter(({ kernel }) => kernel.name === "project");
  const pending = new Set(calls.flatMap(({ outputs }) => Object.values(outputs)));
  const ordered = new Set<Node>();
  const emit = (call: Node): void => {
    ordered.add(call);
    for (const value of Object.values(call.outputs)) pending.delete(value);
    const isReady = ({ tensors }: Node): boolean => !Object.values(tensors).some((value) => pending.has(value));
    projections.filter((next) => !ordered.has(next) && isReady(next)).forEach(emit);
  };
  for (const call of calls) if (!ordered.has(call)) emit(call);
  return [...ordered];
}

/**
 * A convolution whose padding is wider than its window, dilation included, would give bands that are mostly padding
 * (VGG-16 pads its picture by 100 pixels). It reads zeros that are there in memory instead, a view of its input.
 */
function withoutWidePadding(node: Node, axis: Axis, places: Map<Value, Place>, views: Map<Value, PaddedView>): Node {
  const { kernel, problem, tensors } = node;
  const { x } = tensors;
  if (kernel.name !== "conv2d" || !x) return node;
  const padding = pair(problem.attrs.padding as Pair);
  const shift = padding[axis];
  if (shift <= spanOf(problem, axis)) return node;
  const view = new Value(`${x.name} padded`, withExtent(x.shape, axis, extentOf(x, axis) + 2 * shift));
  views.set(view, { of: x, shift });
  places.set(view, places.get(x) as Place);
  const attrs = { ...problem.attrs, padding: axis === 0 ? ([0, padding[1]] as const) : ([padding[0], 0] as const) };
  return {
    ...node,
    problem: makeProblem(kernel, { ...problem.in, x: view.shape }, attrs),
    tensors: { ...tensors, x: view },
  };
}

/** The values that calls read, each once. */
export const valuesRead = (nodes: readonly GridNode[]): Value[] => [
  ...new Set(nodes.flatMap(({ reads }) => reads.map(({ value }) => value))),
];
