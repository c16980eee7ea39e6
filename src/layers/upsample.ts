/**
 * The decoder's transposed convolutions, learned (dense) or with the fixed bilinear kernel of the FCN paper (per
 * channel), and the class of every pixel.
 */
import { argmax } from "../../shaders/argmax/kernel.js";
import { convTranspose2d } from "../../shaders/conv-transpose2d/kernel.js";
import { resizeArgmax } from "../../shaders/resize-argmax/kernel.js";
import type { Weight } from "../kernel/weight.js";
import type { Graph, Value } from "../plan/graph.js";
import type { Parameters } from "../weights/parameters.js";
import type { UpsampleStep } from "./geometry.js";

type Size = readonly [height: number, width: number];

/**
 * The bilinear kernel of size k along one axis: tap i is 1 - |i - c| / f with centre c and f = floor((k + 1) / 2).
 * The paper's release freezes its outer product, on the diagonal of [C, C, k, k] (`surgery.interp`).
 */
function bilinearTaps(kernel: number): Float64Array {
  const factor = Math.floor((kernel + 1) / 2);
  const centre = kernel % 2 === 1 ? factor - 1 : factor - 0.5;
  return Float64Array.from({ length: kernel }, (_, i) => 1 - Math.abs(i - centre) / factor);
}

/** The bilinear kernel in two dimensions: [kernel, kernel], the outer product of its taps. */
export function bilinearPlane(kernel: number): Float32Array {
  const taps = bilinearTaps(kernel);
  const tapAt = (i: number): number => taps[i] as number;
  return Float32Array.from({ length: kernel * kernel }, (_, i) => tapAt(Math.floor(i / kernel)) * tapAt(i % kernel));
}

/** The bilinear kernel for each channel: [channels, 1, kernel, kernel]. */
export function bilinearWeight(name: string, channels: number, kernel: number): Weight {
  return {
    name,
    shape: [channels, 1, kernel, kernel],
    async read() {
      const plane = bilinearPlane(kernel);
      const data = new Float32Array(channels * plane.length);
      for (let c = 0; c < channels; c++) data.set(plane, c * plane.length);
      return data;
    },
  };
}

export interface UpscoreOptions {
  /** Name of the dense kernel [classes, classes, k, k] in the checkpoint. */
  readonly name: string;
  /** Of the step. */
  readonly label: string;
  readonly classes: number;
  readonly step: UpsampleStep;
  /** Where the checkpoint has no such kernel: true takes the fixed bilinear one, false is an error. */
  readonly optional: boolean;
}

/** Scores upsampled by one step of the decoder and cropped to a size. */
export class Upscore {
  readonly weight: Weight;
  readonly step: UpsampleStep;
  /** Names of its tensors: none for the fixed bilinear kernel. */
  readonly tensors: readonly string[];
  /** False for the fixed bilinear kernel. */
  readonly learned: boolean;
  readonly #label: string;
  readonly #groups: number;

  constructor(params: Parameters, { name, label, classes, step, optional }: UpscoreOptions) {
    const dense = params.at(name);
    this.#label = label;
    this.step = step;
    this.learned = !optional || dense.has("weight");
    this.#groups = this.learned ? 1 : classes;
    this.weight = this.learned
      ? dense.take("weight", [classes, classes, step.kernel, step.kernel])
      : bilinearWeight(`${params.prefix}${name}`, classes, step.kernel);
    this.tensors = this.learned ? [this.weight.name] : [];
  }

  /**
   * [N, classes, h, w] to [N, classes, height, width]. `skip`, of the cropped size, is added in the same kernel: this
   * is the skip connection between scores.
   */
  apply(graph: Graph, x: Value, size: Size, skip?: Value): Value {
    const { stride, padding, outputPadding, crop } = this.step;
    const attrs = {
      stride,
      padding,
      output_padding: outputPadding,
      groups: this.#groups,
      crop: size,
      crop_offset: [crop.top, crop.left] as const,
    };
    return graph.op(this.#label, convTranspose2d, { x, weight: this.weight, residual: skip }, attrs).y;
  }

  /** The pixel on which cell 0 is centred. */
  get #origin(): number {
    const { kernel, padding, crop } = this.step;
    return (kernel - 1) / 2 - padding - crop.top;
  }

  /** Whether cell i is centred on pixel i * stride. The result is then linear between the pixels of each cell. */
  get #isOnPixels(): boolean {
    return this.#origin === 0;
  }

  /**
   * The class of every pixel, as an argmax over the result of apply(), resized to `size` where the network saw the
   * picture at another one: [N, classes, h, w] to [N, 1, height, width]. With the fixed bilinear kernel one kernel does
   * all of it, and no logits of the picture's size are written.
   */
  labels(graph: Graph, name: string, x: Value, { seen, size }: { readonly seen: Size; readonly size: Size }): Value {
    const isResized = seen[0] !== size[0] || seen[1] !== size[1];
    if (this.learned || (isResized && !this.#isOnPixels)) {
      return labelsAt(graph, name, this.apply(graph, x, seen), size);
    }
    const [height, width] = size;
    const { stride } = this.step;
    const shift = (stride - 1) / 2 - this.#origin;
    const attrs = { height, width, stride, shift, ...(isResized && { seen }) };
    return graph.op(name, resizeArgmax, { x }, attrs).y;
  }
}

/** The class of every pixel, from logits of the same or another size: [N, classes, h, w] to [N, 1, height, width]. */
export function labelsAt(graph: Graph, name: string, logits: Value, [height, width]: Size): Value {
  const isAtSize = logits.shape[2] === height && logits.shape[3] === width;
  if (isAtSize) return graph.op(name, argmax, { x: logits }).y;
  return graph.op(name, resizeArgmax, { x: logits }, { height, width }).y;
}
