/** Convolution layers: a convolution with its batch norm folded in, and the 1x1 class projection. */
import { conv2d } from "../../shaders/conv2d/kernel.js";
import { project } from "../../shaders/project/kernel.js";
import type { Weight } from "../kernel/weight.js";
import type { Graph, Value } from "../plan/graph.js";
import { foldBatchNorm } from "../weights/fold-batch-norm.js";
import type { Parameters } from "../weights/parameters.js";

export interface ConvBnOptions {
  /** Input channels. */
  readonly in: number;
  /** Output channels. */
  readonly out: number;
  readonly kernel: number;
  /** Default 1. */
  readonly stride?: number;
  /** Default 0. */
  readonly padding?: number;
  /** Default 1. */
  readonly dilation?: number;
  /** Default false. */
  readonly relu?: boolean;
}

/** Convolution without bias, then batch norm, then (if asked) ReLU: one kernel call. */
export class ConvBn {
  readonly #name: string;
  readonly #weight: Weight;
  readonly #bias: Weight;
  readonly #attrs: { stride: number; padding: number; dilation: number; relu: boolean };

  /** `conv` and `bn` are the names that PyTorch gives the two modules under `params`. */
  constructor(params: Parameters, conv: string, bn: string, options: ConvBnOptions) {
    const { kernel, stride = 1, padding = 0, dilation = 1, relu = false } = options;
    const perChannel = [options.out] as const;
    const norm = params.at(bn);
    const own = params.at(conv);
    const weight = own.take("weight", [options.out, options.in, kernel, kernel]);
    // `fcn import --fold-bn` writes what foldBatchNorm() gives. With neither norm nor bias, the norm is missing.
    const isFolded = own.has("bias") && !norm.has("weight") && !norm.has("running_var");
    const folded = isFolded
      ? { weight, bias: own.take("bias", perChannel) }
      : foldBatchNorm(weight, {
          weight: norm.take("weight", perChannel),
          bias: norm.take("bias", perChannel),
          mean: norm.take("running_mean", perChannel),
          variance: norm.take("running_var", perChannel),
        });
    this.#name = `${params.prefix}${conv}`;
    this.#weight = folded.weight;
    this.#bias = folded.bias;
    this.#attrs = { stride, padding, dilation, relu };
  }

  /** relu(conv(x) + bias + residual). The residual is added before the ReLU, as at the end of a ResNet block. */
  apply(graph: Graph, x: Value, residual?: Value): Value {
    return graph.op(this.#name, conv2d, { x, weight: this.#weight, bias: this.#bias, residual }, this.#attrs).y;
  }
}

/** 1x1 class projection (a "score" layer): [N, channels, H, W] features to [N, classes, H, W] logits. */
export class Score {
  readonly #name: string;
  readonly #weight: Weight;
  readonly #bias: Weight;

  constructor(params: Parameters, name: string, channels: number, classes: number) {
    const own = params.at(name);
    this.#name = `${params.prefix}${name}`;
    this.#weight = own.take("weight", [classes, channels, 1, 1]);
    this.#bias = own.take("bias", [classes]);
  }

  apply(graph: Graph, x: Value): Value {
    return graph.op(this.#name, project, { x, weight: this.#weight, bias: this.#bias }).y;
  }
}
