/** Transposed convolutions of the decoder: learned (dense) or the fixed bilinear kernel of the FCN paper (per channel). */
import { argmax } from "../../shaders/argmax/kernel.js";
import { convTranspose2d } from "../../shaders/conv-transpose2d/kernel.js";
import { resizeArgmax } from "../../shaders/resize-argmax/kernel.js";
import type { Weight } from "../kernel/weight.js";
import type { Graph, Value } from "../plan/graph.js";
import type { Parameters } from "../weights/parameters.js";
import type { UpsampleStep } from "./geometry.js";

/**
 * One axis of the bilinear kernel: tap i is 1 - |i - c| / f, with f = (k + 1) / 2 rounded down and c the centre. Its outer
 * product on the diagonal of [C, C, k, k] is what the paper's release freezes (`surgery.interp`).
 */
export function bilinearTaps(kernel: number): Float64Array {
  const factor = Math.floor((kernel + 1) / 2);
  const centre = kernel % 2 === 1 ? factor - 1 : factor - 0.5;
  return Float64Array.from({ length: kernel }, (_, i) => 1 - Math.abs(i - centre) / factor);
}

/** [channels, 1, kernel, kernel], the same plane for every channel. */
export function bilinearWeight(name: string, channels: number, kernel: number): Weight {
  return {
    name,
    shape: [channels, 1, kernel, kernel],
    read() {
      const taps = bilinearTaps(kernel);
      const plane = Float32Array.from(
        { length: kernel * kernel },
        (_, i) => (taps[Math.floor(i / kernel)] as number) * (taps[i % kernel] as number),
      );
      const data = new Float32Array(channels * plane.length);
      for (let c = 0; c < channels; c++) data.set(plane, c * plane.length);
      return Promise.resolve(data);
    },
  };
}

/** Scores brought up by one step of the decoder, cropped to `size`. */
export class Upscore {
  readonly weight: Weight;
  readonly #groups: number;
  /** False for the fixed bilinear kernel. */
  readonly learned: boolean;

  /** Takes the dense kernel [classes, classes, k, k] named `name`; where `optional` and absent, the fixed bilinear kernel. */
  constructor(
    params: Parameters,
    readonly name: string,
    classes: number,
    readonly step: UpsampleStep,
    options: { readonly optional: boolean },
  ) {
    const dense = params.at(name);
    const learned = !options.optional || dense.has("weight");
    this.learned = learned;
    this.#groups = learned ? 1 : classes;
    this.weight = learned
      ? dense.take("weight", [classes, classes, step.kernel, step.kernel])
      : bilinearWeight(`${params.prefix}${name}`, classes, step.kernel);
  }

  /** `skip`, of the cropped size, is added in the same kernel: the skip connection in score space. */
  apply(graph: Graph, x: Value, size: readonly [number, number], skip?: Value): Value {
    const { stride, padding, outputPadding, crop } = this.step;
    const attrs = {
      stride,
      padding,
      output_padding: outputPadding,
      groups: this.#groups,
      crop: size,
      crop_offset: [crop.top, crop.left] as const,
    };
    return graph.op(
      this.weight.name.replace(/\.weight$/, ""),
      convTranspose2d,
      { x, weight: this.weight, residual: skip },
      attrs,
    ).y;
  }
}

/**
 * The class of every pixel straight from the coarse scores: what the fixed bilinear step and an argmax would give, without
 * writing logits at the picture's size. [N, C, h, w] to labels [N, 1, H, W].
 */
export function upscoreLabels(
  graph: Graph,
  name: string,
  x: Value,
  stride: number,
  [height, width]: readonly [number, number],
): Value {
  return graph.op(name, resizeArgmax, { x }, { height, width, stride }).y;
}

/** The class of every pixel of logits. */
export function labelsOf(graph: Graph, name: string, x: Value): Value {
  return graph.op(name, argmax, { x }).y;
}
