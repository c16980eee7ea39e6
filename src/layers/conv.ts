/** Convolution layers: a convolution with its batch norm folded in, and the 1x1 class projection. */
import { conv2d } from "../../shaders/conv2d/kernel.js";
import { project } from "../../shaders/project/kernel.js";
import type { Weight } from "../kernel/weight.js";
import type { Graph, Value } from "../plan/graph.js";
import type { Parameters } from "../weights/parameters.js";
import type { BackboneLayer } from "./layer.js";
import { activationAttrs, normedWeights } from "./normed-weights.js";
import type { Activation, NormedNames } from "./normed-weights.js";

export interface ConvOptions extends NormedNames {
  /** Output channels. */
  readonly out: number;
  readonly kernel: number;
  /** Default 1. */
  readonly stride?: number;
  /** Default 0. */
  readonly padding?: number;
  /** Default 1. */
  readonly dilation?: number;
  /** Default "none". */
  readonly activation?: Activation;
  /** What becomes of the weight when it is loaded. Default: nothing. */
  readonly change?: (weight: Weight) => Weight;
}

/**
 * Convolution, batch norm if there is one, and activation: one kernel call. It takes a residual, which is added before
 * the activation, as at the end of a ResNet block.
 */
export function conv(options: ConvOptions): BackboneLayer {
  const { name, out, kernel, stride = 1, padding = 0, dilation = 1, activation = "none" } = options;
  const attrs = { stride, padding, dilation, ...activationAttrs(activation) };
  return {
    windows: [{ kernel, stride, padding, dilation }],
    channels: () => out,
    load(params, inputs) {
      const { weight, bias } = normedWeights(params, options, [out, inputs, kernel, kernel]);
      const operands = { weight: options.change?.(weight) ?? weight, bias };
      const label = params.prefix + name;
      return { apply: (graph, x, residual) => graph.op(label, conv2d, { x, ...operands, residual }, attrs).y };
    },
  };
}

export interface ScoreOptions {
  /** Of the tensors, below `params`. */
  readonly name: string;
  /** Of the step. */
  readonly label: string;
  readonly channels: number;
  readonly classes: number;
  /** What the features are multiplied by. Default 1. */
  readonly scale?: number;
}

/** 1x1 class projection (a "score" layer): [N, channels, H, W] features to [N, classes, H, W] logits. */
export class Score {
  /** Names of its tensors. */
  readonly tensors: readonly string[];
  readonly #label: string;
  readonly #weight: Weight;
  readonly #bias: Weight;

  constructor(params: Parameters, { name, label, channels, classes, scale = 1 }: ScoreOptions) {
    const own = params.at(name);
    const weight = own.take("weight", [classes, channels, 1, 1]);
    this.#label = label;
    this.#weight = scale === 1 ? weight : scaled(weight, scale);
    this.#bias = own.take("bias", [classes]);
    this.tensors = [weight.name, this.#bias.name];
  }

  apply(graph: Graph, x: Value): Value {
    return graph.op(this.#label, project, { x, weight: this.#weight, bias: this.#bias }).y;
  }
}

/** A projection of features times `scale` is a projection with weights times `scale`. */
function scaled(weight: Weight, scale: number): Weight {
  const { name, shape } = weight;
  return {
    name,
    shape,
    read: async () => (await weight.read()).map((value) => value * scale),
    stored: (values) => values.map((value) => value / scale),
  };
}
