/**
 * What a row of a kernel's output needs of each input, and what becomes of attributes that name sizes when the input is
 * cut: all that bands must know about kernels. The same holds for columns. A kernel that is not listed needs its inputs
 * whole.
 */
import { pair } from "../../kernel/problem.js";
import type { AnyProblem, Attrs, AttrValue, Pair } from "../../kernel/problem.js";
import { poolStride } from "../../kernel/window.js";
import type { Axis } from "../../kernel/window.js";

/**
 * Output o reads the inputs from ceil((o * down + first) / up) to floor((o * down + last) / up), as far as the input
 * goes.
 */
export interface Reach {
  readonly down: number;
  readonly up: number;
  readonly first: number;
  readonly last: number;
}

/**
 * "whole": every output reads the whole input. "positions": the outputs lie at positions of the input that the kernel's
 * uniforms give (kernel/resampling.ts).
 */
export type Need = Reach | "whole" | "positions";

type Rule = (problem: AnyProblem, axis: Axis, key: string) => Need;

/** Output o reads input o. */
const SAME: Reach = { down: 1, up: 1, first: 0, last: 0 };

const along = (value: AttrValue | undefined, axis: Axis): number => pair(value as Pair)[axis];

/** Cells between the first and the last tap of the weight's window. */
export const spanOf = ({ in: { weight = [] }, attrs }: AnyProblem, axis: Axis): number =>
  along(attrs.dilation, axis) * ((weight[2 + axis] ?? 1) - 1);

const ofWeightWindow: Rule = (problem, axis, key) => {
  if (key === "residual") return SAME;
  const padding = along(problem.attrs.padding, axis);
  const down = along(problem.attrs.stride, axis);
  return { down, up: 1, first: -padding, last: spanOf(problem, axis) - padding };
};

const ofPool: Rule = ({ attrs }, axis) => {
  // Indices are positions in the whole plane.
  if (attrs.indices === true) return "whole";
  const { kernel, stride, padding, dilation = 1 } = attrs as Readonly<Record<string, Pair>>;
  const down = along(poolStride(kernel as Pair, stride as Pair), axis);
  const span = along(dilation, axis) * (along(kernel, axis) - 1);
  return { down, up: 1, first: -along(padding, axis), last: span - along(padding, axis) };
};

const ofTranspose: Rule = (problem, axis, key) => {
  if (key === "residual") return SAME;
  const { attrs } = problem;
  const last = along(attrs.padding, axis) + along(attrs.crop_offset, axis);
  return { down: 1, up: along(attrs.stride, axis), first: last - spanOf(problem, axis), last };
};

const ofCrop: Rule = ({ attrs }, axis) => {
  const offset = along(attrs.offset, axis);
  return { ...SAME, first: offset, last: offset };
};

/** One pixel is repeated over all. */
const ofConcat: Rule = ({ in: inputs, out: { y = [] } }, _, key) => {
  const isRepeated = [2, 3].some((axis) => inputs[key]?.[axis] !== y[axis]);
  return isRepeated ? "whole" : SAME;
};

const ofNormalize: Rule = ({ in: { image = [] }, attrs }, axis) => {
  const size = axis === 0 ? attrs.height : attrs.width;
  return size === 0 || size === image[2 + axis] ? SAME : "whole";
};

const samePixel: Rule = () => SAME;
const byPosition: Rule = () => "positions";

const RULES: Readonly<Record<string, Rule>> = {
  add: samePixel,
  argmax: samePixel,
  "average-pool2d": ofPool,
  "batch-norm": samePixel,
  concat: ofConcat,
  conv2d: ofWeightWindow,
  "conv-transpose2d": ofTranspose,
  crop: ofCrop,
  "depthwise-conv2d": ofWeightWindow,
  "leaky-relu": samePixel,
  "max-pool2d": ofPool,
  normalize: ofNormalize,
  project: samePixel,
  relu: samePixel,
  resize: byPosition,
  "resize-argmax": byPosition,
  sigmoid: samePixel,
  softmax: samePixel,
};

/** What output y of a call needs of its input `key`. */
export const needOf = (kernel: string, problem: AnyProblem, axis: Axis, key: string): Need =>
  RULES[kernel]?.(problem, axis, key) ?? "whole";

/** `value` with another number along an axis. */
const replaced = (value: AttrValue | undefined, axis: Axis, size: number): Pair => {
  const [rows, columns] = pair(value as Pair);
  return axis === 0 ? [size, columns] : [rows, size];
};

/** The attributes of a call that makes `outputs` cells along the axis from `inputs` cells. */
export function attrsOfBand(
  kernel: string,
  { in: { image = [] }, attrs }: AnyProblem,
  axis: Axis,
  { inputs, outputs }: { readonly inputs: number; readonly outputs: number },
): Attrs {
  const side = axis === 0 ? "height" : "width";
  switch (kernel) {
    case "crop":
      return { ...attrs, size: replaced(attrs.size, axis, outputs) };
    case "conv-transpose2d":
      return { ...attrs, crop: replaced(attrs.crop, axis, outputs) };
    case "normalize": {
      // A picture that is resized along the axis is read whole, and becomes as large as in the whole.
      const seen = attrs[side] === image[2 + axis] ? inputs : (attrs[side] as number);
      return { ...attrs, [side]: seen, padded: replaced(attrs.padded, axis, outputs) };
    }
    case "resize":
      return { ...attrs, [side]: outputs };
    case "resize-argmax": {
      const seen = along(attrs.seen, axis);
      // The uniforms come from the whole call; these sizes only have to fit each other.
      const most = inputs * Number(attrs.stride) - Number(attrs.shift);
      return { ...attrs, [side]: outputs, seen: replaced(attrs.seen, axis, Math.min(seen, Math.floor(most))) };
    }
    default:
      return attrs;
  }
}
