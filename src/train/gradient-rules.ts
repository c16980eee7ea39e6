/** How gradients pass each kernel, backwards: from the gradient of its output to those of its inputs and weights. */
import { channelSum } from "../../shaders/channel-sum/kernel.js";
import { conv2dInputGradient } from "../../shaders/conv2d-input-gradient/kernel.js";
import { conv2dWeightGradient } from "../../shaders/conv2d-weight-gradient/kernel.js";
import { weightGradientSplits } from "../../shaders/conv2d-weight-gradient/splits.js";
import { convTranspose2dInputGradient } from "../../shaders/conv-transpose2d-input-gradient/kernel.js";
import { convTranspose2dWeightGradient } from "../../shaders/conv-transpose2d-weight-gradient/kernel.js";
import { transposedWeightSplits } from "../../shaders/conv-transpose2d-weight-gradient/splits.js";
import { depthwiseConv2dInputGradient } from "../../shaders/depthwise-conv2d-input-gradient/kernel.js";
import { depthwiseConv2dWeightGradient } from "../../shaders/depthwise-conv2d-weight-gradient/kernel.js";
import { globalAveragePool } from "../../shaders/global-average-pool/kernel.js";
import { globalAveragePoolGradient } from "../../shaders/global-average-pool-gradient/kernel.js";
import { maxPool2d } from "../../shaders/max-pool2d/kernel.js";
import { maxPool2dGradient } from "../../shaders/max-pool2d-gradient/kernel.js";
import { reluGradient } from "../../shaders/relu-gradient/kernel.js";
import { sliceChannels } from "../../shaders/slice-channels/kernel.js";
import { badOption } from "../base/errors.js";
import type { Pair } from "../kernel/problem.js";
import type { Weight } from "../kernel/weight.js";
import type { Node, Value } from "../plan/graph.js";
import type { Backward } from "./backward.js";

type Rule = (node: Node, backward: Backward) => void;

interface Window {
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
}

/** Rows and columns of a weight's window. */
const windowOf = ({ shape }: Weight): Pair => [shape[2] ?? 1, shape[3] ?? 1];

/** A weight [channels, 1, 1, 1] that changes nothing. */
const ones = (name: string, channels: number): Weight => ({
  name,
  shape: [channels, 1, 1, 1],
  read: () => Promise.resolve(new Float32Array(channels).fill(1)),
});

function giveBias({ label, weights }: Node, dy: Value, backward: Backward): void {
  const { bias } = weights;
  if (!bias || !backward.trained.has(bias)) return;
  const splits = backward.splitsOf(dy.shape);
  backward.giveWeight(bias, backward.graph.op(`${label}.bias.gradient`, channelSum, { dy }, { splits }).parts);
}

/** y = relu(conv(x) + bias + residual) */
const convolution: Rule = (node, backward) => {
  const { graph } = backward;
  const { label, tensors, weights, problem } = node;
  const x = tensors["x"] as Value;
  const weight = weights["weight"] as Weight;
  const { groups = 1 } = problem.attrs;
  if (groups !== 1) throw badOption(`train: ${label}: a convolution of ${String(groups)} groups has no gradient`);
  const dy = backward.beforeActivation(node);
  if (!dy) return;
  const { stride = 1, padding = 0, dilation = 1 } = problem.attrs as Partial<Window>;
  const window: Window = { stride, padding, dilation };
  const residual = tensors["residual"];
  if (backward.needs(residual)) backward.give(residual, dy);
  giveBias(node, dy, backward);
  if (backward.trained.has(weight)) {
    const attrs = { ...window, kernel: windowOf(weight), splits: 1 };
    const splits = weightGradientSplits({ in: { x: x.shape, dy: dy.shape }, attrs }, backward.device);
    const operands = { x, dy };
    const { parts } = graph.op(`${label}.weight.gradient`, conv2dWeightGradient, operands, { ...attrs, splits });
    backward.giveWeight(weight, parts);
  }
  if (!backward.needs(x)) return;
  const [, , height, width] = x.shape;
  const mask = backward.maskOf(x);
  const attrs = { ...window, height, width };
  const { dx } = graph.op(`${label}.gradient`, conv2dInputGradient, { dy, weight, mask }, attrs);
  backward.give(x, dx, mask !== undefined);
};

/** y = crop(transposed conv(x)) + residual */
const transposedConvolution: Rule = (node, backward) => {
  const { graph } = backward;
  const { label, tensors, weights, outputs, problem } = node;
  const x = tensors["x"] as Value;
  const weight = weights["weight"] as Weight;
  const dy = backward.gradientOf(outputs["y"] as Value);
  if (!dy) return;
  const { stride, padding, groups, crop_offset } = problem.attrs as {
    readonly stride: Pair;
    readonly padding: Pair;
    readonly groups: number;
    readonly crop_offset: Pair;
  };
  const window = { stride, padding, groups, crop_offset };
  const residual = tensors["residual"];
  if (backward.needs(residual)) backward.give(residual, dy);
  giveBias(node, dy, backward);
  if (backward.trained.has(weight)) {
    const attrs = { ...window, kernel: windowOf(weight), splits: 1 };
    const splits = transposedWeightSplits({ in: { x: x.shape, dy: dy.shape }, attrs }, backward.device);
    const operands = { x, dy };
    const gradient = graph.op(`${label}.weight.gradient`, convTranspose2dWeightGradient, operands, {
      ...attrs,
      splits,
    });
    const { parts } = gradient;
    backward.giveWeight(weight, parts);
  }
  if (!backward.needs(x)) return;
  const [, , height, width] = x.shape;
  const attrs = { ...window, height, width };
  backward.give(x, graph.op(`${label}.gradient`, convTranspose2dInputGradient, { dy, weight }, attrs).dx);
};

/** The largest value of each window. The pool of the network gives no indices, so the pool is computed once more. */
const largest: Rule = ({ label, tensors, outputs, problem }, backward) => {
  const x = tensors["x"] as Value;
  const dy = backward.gradientOf(outputs["y"] as Value);
  if (!dy || !backward.needs(x)) return;
  const { kernel, stride, padding, dilation, ceil_mode } = problem.attrs as unknown as Window & {
    readonly kernel: Pair;
    readonly ceil_mode: boolean;
  };
  const { indices } = backward.graph.op(`${label}.indices`, maxPool2d, { x }, { ...problem.attrs, indices: true });
  const [, , height, width] = x.shape;
  const attrs = { kernel, stride, padding, dilation, ceil_mode, height, width };
  const operands = { dy, indices: indices as Value };
  backward.give(x, backward.graph.op(`${label}.gradient`, maxPool2dGradient, operands, attrs).dx);
};

/** y = relu(depthwise conv(x) + bias) */
const depthwise: Rule = (node, backward) => {
  const { graph } = backward;
  const { label, tensors, weights, problem } = node;
  const x = tensors["x"] as Value;
  const weight = weights["weight"] as Weight;
  const dy = backward.beforeActivation(node);
  if (!dy) return;
  const { stride, padding, dilation } = problem.attrs as unknown as Window;
  const window = { stride, padding, dilation };
  giveBias(node, dy, backward);
  if (backward.trained.has(weight)) {
    const attrs = { ...window, kernel: windowOf(weight), splits: backward.splitsOf(dy.shape) };
    const { parts } = graph.op(`${label}.weight.gradient`, depthwiseConv2dWeightGradient, { x, dy }, attrs);
    backward.giveWeight(weight, parts);
  }
  if (!backward.needs(x)) return;
  const [, , height, width] = x.shape;
  const attrs = { ...window, height, width };
  backward.give(x, graph.op(`${label}.gradient`, depthwiseConv2dInputGradient, { dy, weight }, attrs).dx);
};

/** The mean of each plane. */
const mean: Rule = ({ label, tensors, outputs }, backward) => {
  const x = tensors["x"] as Value;
  const dy = backward.gradientOf(outputs["y"] as Value);
  if (!dy || !backward.needs(x)) return;
  const [, , height, width] = x.shape;
  backward.give(x, backward.graph.op(`${label}.gradient`, globalAveragePoolGradient, { dy }, { height, width }).dx);
};

/** Channels of a, then of b. One of them may be one pixel that is repeated: its gradient is the sum over all. */
const joined: Rule = ({ label, tensors, outputs }, backward) => {
  const { graph } = backward;
  const y = outputs["y"] as Value;
  const dy = backward.gradientOf(y);
  if (!dy) return;
  let first = 0;
  for (const key of ["a", "b"]) {
    const value = tensors[key] as Value;
    const [, count, height, width] = value.shape;
    if (backward.needs(value)) {
      const part = graph.op(`${label}.${key}.gradient`, sliceChannels, { x: dy }, { first, count }).y;
      const isRepeated = height !== y.shape[2] || width !== y.shape[3];
      const sum = { sum: true };
      backward.give(value, isRepeated ? graph.op(`${label}.${key}.sum`, globalAveragePool, { x: part }, sum).y : part);
    }
    first += count;
  }
};

/** A part of a map. It is a transposed convolution by 1, cropped: so its gradient is the part with zeros around it. */
const cropped: Rule = ({ label, tensors, outputs, problem }, backward) => {
  const x = tensors["x"] as Value;
  const dy = backward.gradientOf(outputs["y"] as Value);
  if (!dy || !backward.needs(x)) return;
  const [, groups, height, width] = x.shape;
  const attrs = { groups, crop_offset: problem.attrs["offset"] as Pair, height, width };
  const operands = { dy, weight: ones(`${label}.ones`, groups) };
  backward.give(x, backward.graph.op(`${label}.gradient`, convTranspose2dInputGradient, operands, attrs).dx);
};

/** y = x + skip, of one size. */
const sum: Rule = (node, backward) => {
  const { x, skip } = node.tensors as Readonly<Record<"x" | "skip", Value>>;
  if (x.shape.join() !== skip.shape.join())
    throw badOption(`train: ${node.label}: a sum that crops ${x.name} has no gradient; crop it before`);
  const dy = backward.beforeActivation(node);
  if (!dy) return;
  for (const value of [x, skip]) if (backward.needs(value)) backward.give(value, dy);
};

const rectified: Rule = ({ label, tensors, outputs }, backward) => {
  const x = tensors["x"] as Value;
  const y = outputs["y"] as Value;
  const dy = backward.gradientOf(y);
  if (!dy || !backward.needs(x)) return;
  backward.give(x, backward.graph.op(`${label}.gradient`, reluGradient, { y, dy }).dx);
};

export const GRADIENT_RULES: Readonly<Record<string, Rule | undefined>> = {
  conv2d: convolution,
  project: convolution,
  "conv-transpose2d": transposedConvolution,
  "max-pool2d": largest,
  "depthwise-conv2d": depthwise,
  "global-average-pool": mean,
  concat: joined,
  crop: cropped,
  add: sum,
  relu: rectified,
};
