/** The graphs of a training step: forward, loss and backward, then the optimiser and the packing of weights. */
import { packWeight } from "../../shaders/pack-weight/kernel.js";
import { softmaxCrossEntropy } from "../../shaders/softmax-cross-entropy/kernel.js";
import { sumParts } from "../../shaders/sum-parts/kernel.js";
import type { Tensor } from "../gpu/tensor.js";
import type { Nchw } from "../kernel/shape.js";
import type { DeviceTraits, PackedOrder } from "../kernel/variant.js";
import type { Weight } from "../kernel/weight.js";
import { Graph } from "../plan/graph.js";
import type { Value } from "../plan/graph.js";
import { differentiate } from "./backward.js";
import { RATES_SHAPE } from "./optimizer.js";
import type { Optimizer } from "./optimizer.js";
import type { TrainedWeight } from "./trained-weight.js";

/** What a pixel is compared with: one label, or a probability of each class. */
export type Targets = "labels" | "probabilities";

export interface LossOptions {
  readonly targets: Targets;
  /** Whether classes have weights (the state "class weights"). */
  readonly classWeights: boolean;
}

/** Appends a network to a graph: from inputs that it declares to logits. */
export type AppendNetwork = (graph: Graph) => Value;

export interface StepOptions {
  readonly optimizer: Optimizer;
  readonly loss: LossOptions;
  /** What the rate of a weight is multiplied by. */
  readonly rateScale: (parameter: TrainedWeight) => number;
  /** Whether weight decay applies to biases too. PyTorch's optimisers do so unless told otherwise. Default no. */
  readonly biasesDecay?: boolean;
}

/** What the graphs of a step are made of. */
export interface StepParts extends StepOptions {
  readonly device: DeviceTraits;
  readonly parameters: ReadonlyMap<Weight, TrainedWeight>;
}

const ONE: Nchw = [1, 1, 1, 1];
export const LOSS = "loss";
export const SCALE = "loss scale";
export const CLASS_WEIGHTS = "class weights";
export const RATES = "rates";

/** A bias is a weight of one dimension. */
export const isBias = ({ weight }: TrainedWeight): boolean => weight.shape.length === 1;

/** Forward, loss and backward. The gradients are added to those of the parameters: the values that are returned. */
export function appendPass(graph: Graph, parts: StepParts, network: AppendNetwork): ReadonlyMap<TrainedWeight, Value> {
  const { device, parameters } = parts;
  const logits = network(graph);
  const { gradient, loss } = appendLoss(graph, logits, parts.loss);
  graph.output(LOSS, loss, "nchw");
  const trained = new Set(parameters.keys());
  const { weights } = differentiate(graph, { device, trained, seeds: new Map([[logits, gradient]]) });
  const gradients = new Map<TrainedWeight, Value>();
  for (const [weight, parameter] of parameters) {
    let total = graph.state(gradientName(parameter), parameter.shape, "nchw");
    for (const found of weights.get(weight) ?? []) {
      total = graph.op(`${parameter.name}.gradient`, sumParts, { parts: found, total }).sum;
    }
    gradients.set(parameter, total);
  }
  return gradients;
}

export function appendLoss(graph: Graph, logits: Value, { targets, classWeights }: LossOptions) {
  const [n, classes, height, width] = logits.shape;
  const isLabels = targets === "labels";
  const target = graph.input(targets, isLabels ? [n, 1, height, width] : logits.shape, isLabels ? "u8" : "nhwc4");
  const operands = {
    logits,
    ...(isLabels ? { labels: target } : { targets: target }),
    scale: graph.input(SCALE, ONE, "nchw"),
    class_weights: classWeights ? graph.state(CLASS_WEIGHTS, [1, classes, 1, 1], "nchw") : undefined,
  };
  const { gradient, losses } = graph.op(LOSS, softmaxCrossEntropy, operands);
  const loss = graph.op("loss.sum", sumParts, { parts: losses, total: graph.state(LOSS, ONE, "nchw") }).sum;
  return { gradient, loss };
}

/** The optimiser's step of every parameter, and its packed copies. `gradients` are those of appendPass(). */
export function appendUpdate(
  graph: Graph,
  { parameters, optimizer, rateScale, biasesDecay = false }: StepParts,
  gradients: ReadonlyMap<TrainedWeight, Value>,
): void {
  const rates = graph.input(RATES, RATES_SHAPE, "nchw");
  for (const parameter of parameters.values()) {
    const { name, shape } = parameter;
    const state = (suffix: string): Value => graph.state(`${name}${suffix}`, shape, "nchw");
    const moments = Object.fromEntries(optimizer.moments.map((moment) => [moment, state(`.${moment}`)]));
    const stepped = optimizer.step(graph, {
      label: `${name}.step`,
      weight: state(""),
      gradient: gradients.get(parameter) ?? state(".gradient"),
      moments,
      rates,
      unit: undefined,
      rateScale: rateScale(parameter),
      decays: biasesDecay || !isBias(parameter),
    });
    appendPacking(graph, parameter, stepped);
  }
}

function appendPacking(graph: Graph, { name, copies }: TrainedWeight, weight: Value): void {
  for (const { packing, tensor } of copies.values()) {
    const { order, tile } = packing.packedOrder as PackedOrder;
    const copy = graph.state(copyName(name, packing.name), tensor.shape, tensor.layout);
    graph.op(`${name}.pack`, packWeight, { weight, copy }, { order, tile, texture: tensor.layout === "texels" });
  }
}

const gradientName = ({ name }: TrainedWeight): string => `${name}.gradient`;
const copyName = (name: string, packing: string): string => `${name} as ${packing}`;

/** The tensors of the parameters by the names of their states. */
export function parameterStates(parameters: Iterable<TrainedWeight>): Record<string, Tensor> {
  const states: Record<string, Tensor> = {};
  for (const parameter of parameters) {
    const { name, values, gradient, moments, copies } = parameter;
    states[name] = values;
    states[gradientName(parameter)] = gradient;
    for (const [moment, tensor] of moments) states[`${name}.${moment}`] = tensor;
    for (const [packing, { tensor }] of copies) states[copyName(name, packing)] = tensor;
  }
  return states;
}

/** An empty graph with what `append` adds. */
export function graphOf(append: (graph: Graph) => void): Graph {
  const graph = new Graph();
  append(graph);
  return graph;
}
