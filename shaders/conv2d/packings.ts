/** Packs a weight as the rows of the product's right side, the same for every size of tile. */
import { FcnError } from "../../src/base/errors.js";
import { toHalf } from "../../src/kernel/half.js";
import { copyToRows, rowTexels } from "../../src/kernel/packings.js";
import type { Packing } from "../../src/kernel/variant.js";
import type { ConvProblem } from "./problem.js";

/** The bits of a weight as f16. @throws bad-weights for a number that f16 cannot hold; it would become infinite */
export function weightToHalf(value: number): number {
  const bits = toHalf(value);
  const isInfinite = (bits & 0x7fff) === 0x7c00;
  if (isInfinite) {
    throw new FcnError(
      "bad-weights",
      `conv2d: a weight is ${value}, f16 holds at most 65504: run this network with precision "f32"`,
    );
  }
  return bits;
}

/** As `rows`, in f16. */
export const rowsF16: Packing<ConvProblem> = {
  name: "conv2d/rows-f16",
  precision: "f16",
  bytes: (shape) => 4 * rowTexels(shape) * 2,
  pack(data, shape) {
    const packed = new Uint32Array(2 * rowTexels(shape));
    rowsF16.packInto?.(packed, data, shape, 0);
    return packed;
  },
  packInto(packed, data, shape, first) {
    const halves = new Uint16Array(data.length);
    for (let i = 0; i < data.length; i++) halves[i] = weightToHalf(data[i] as number);
    copyToRows(halves, shape, first, new Uint16Array(packed.buffer));
  },
};
