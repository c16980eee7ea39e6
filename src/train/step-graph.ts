/** The graphs of a training step: forward, loss and backward, then the optimiser and the packing of weights. */
import { packWeight } from "../../shaders/pack-weight/kernel.js";
import { sumParts } from "../../shaders/sum-parts/kernel.js";
import type { DeviceTraits, PackedOrder } from "../kernel/variant.js";
import type { Weight } from "../kernel/weight.js";
import type { Graph, Value } from "../plan/graph.js";
import { StateGraph } from "../plan/state-graph.js";
import { differentiate } from "./backward.js";
import { LOSS, appendLoss } from "./loss-graph.js";
import type { Logits } from "./last-step.js";
import type { LossTensors, Targets } from "./loss-graph.js";
import { RATES_SHAPE } from "./optimizer.js";
import type { Optimizer } from "./optimizer.js";
import type { TrainedWeight } from "./trained-weight.js";

/** Appends a network to a graph: from inputs that it declares to logits. */
export type AppendNetwork = (graph: Graph) => Logits;

export interface StepOptions {
  readonly optimizer: Optimizer;
  readonly targets: Targets;
  /** What the rate of a weight is multiplied by. */
  readonly rateScale: (parameter: TrainedWeight) => number;
  /** Whether weight decay applies to biases too. PyTorch's optimisers do so unless told otherwise. Default no. */
  readonly biasesDecay?: boolean;
}

/** What the graphs of a step are made of. */
export interface StepParts extends StepOptions {
  readonly device: DeviceTraits;
  readonly parameters: ReadonlyMap<Weight, TrainedWeight>;
  readonly loss: LossTensors;
}

export const RATES = "rates";

/** A bias is a weight of one dimension. */
export const isBias = ({ weight }: TrainedWeight): boolean => weight.shape.length === 1;

/** Forward, loss and backward. The gradients are added to those of the parameters: the values that are returned. */
export function appendPass(
  graph: StateGraph,
  parts: StepParts,
  network: AppendNetwork,
): ReadonlyMap<TrainedWeight, Value> {
  const { device, parameters } = parts;
  const { at, gradient, total: loss } = appendLoss(graph, network(graph), parts);
  graph.output(LOSS, loss, "nchw");
  const trained = new Set(parameters.keys());
  const { weights } = differentiate(graph, { device, trained, seeds: new Map([[at, gradient]]) });
  const gradients = new Map<TrainedWeight, Value>();
  for (const [weight, parameter] of parameters) {
    let total = appendGradient(graph, parameter);
    for (const found of weights.get(weight) ?? []) {
      total = graph.op(`${parameter.name}.gradient`, sumParts, { parts: found, total }).sum;
    }
    gradients.set(parameter, total);
  }
  return gradients;
}

/** The optimiser's step of every parameter, and its packed copies. `gradients` are those of appendPass(). */
export function appendUpdate(
  graph: StateGraph,
  { parameters, optimizer, rateScale, biasesDecay = false }: StepParts,
  gradients: ReadonlyMap<TrainedWeight, Value>,
): void {
  const rates = graph.input(RATES, RATES_SHAPE, "nchw");
  for (const parameter of parameters.values()) {
    const { name } = parameter;
    const moments = [...parameter.moments].map(
      ([key, tensor]) => [key, graph.state(`${name}.${key}`, tensor)] as const,
    );
    const stepped = optimizer.step(graph, {
      label: `${name}.step`,
      weight: graph.state(name, parameter.values),
      gradient: gradients.get(parameter) ?? appendGradient(graph, parameter),
      moments: Object.fromEntries(moments),
      rates,
      unit: parameter.unit && graph.state(`${name}.unit`, parameter.unit),
      rateScale: rateScale(parameter),
      decays: biasesDecay || !isBias(parameter),
    });
    appendPacking(graph, parameter, stepped);
  }
}

function appendPacking(graph: StateGraph, { name, copies }: TrainedWeight, weight: Value): void {
  for (const { packing, tensor } of copies.values()) {
    const { order, tile } = packing.packedOrder as PackedOrder;
    const copy = graph.state(`${name} as ${packing.name}`, tensor);
    graph.op(`${name}.pack`, packWeight, { weight, copy }, { order, tile, texture: tensor.layout === "texels" });
  }
}

/** The state of a weight's gradient. */
const appendGradient = (graph: StateGraph, { name, gradient }: TrainedWeight): Value =>
  graph.state(`${name}.gradient`, gradient);

/** An empty graph with what `append` adds. */
export function graphOf(append: (graph: StateGraph) => void): StateGraph {
  const graph = new StateGraph();
  append(graph);
  return graph;
}
