/** Packs a weight as the rows of the product's right side, the same for every size of tile. */
import { FcnError } from "../../src/base/errors.js";
import { toHalf } from "../../src/kernel/half.js";
import { blocksOf } from "../../src/kernel/shape.js";
import type { Shape } from "../../src/kernel/shape.js";
import type { Packing } from "../../src/kernel/variant.js";
import type { ConvProblem } from "./problem.js";

/**
 * Visits output channels of a weight [out][in][kh][kw] from `first` on, with each value's index in [kh][kw][in][out],
 * channels padded to 4.
 */
function eachRowValue(
  data: Float32Array,
  shape: Shape,
  first: number,
  visit: (index: number, value: number) => void,
): void {
  const [outC, inC, kh, kw] = shape as [number, number, number, number];
  const inPitch = blocksOf(inC) * 4;
  const outPitch = blocksOf(outC) * 4;
  let from = 0;
  for (let out = first; from < data.length; out++) {
    for (let c = 0; c < inC; c++) {
      for (let tap = 0; tap < kh * kw; tap++) visit((tap * inPitch + c) * outPitch + out, data[from++] as number);
    }
  }
}

function rowsSize(shape: Shape): number {
  const [outC, inC, kh, kw] = shape as [number, number, number, number];
  return kh * kw * (blocksOf(inC) * 4) * (blocksOf(outC) * 4);
}

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

/** [kh][kw][in][out/4] of vec4 over 4 output channels. */
export const rows: Packing<ConvProblem> = {
  name: "conv2d/rows",
  bytes: (shape) => rowsSize(shape) * 4,
  pack(data, shape) {
    const packed = new Float32Array(rowsSize(shape));
    rows.packInto?.(packed, data, shape, 0);
    return packed;
  },
  packInto(packed, data, shape, first) {
    eachRowValue(data, shape, first, (index, value) => {
      packed[index] = value;
    });
  },
};

/** As `rows`, in f16. */
export const rowsF16: Packing<ConvProblem> = {
  name: "conv2d/rows-f16",
  precision: "f16",
  bytes: (shape) => rowsSize(shape) * 2,
  pack(data, shape) {
    const packed = new Uint32Array(rowsSize(shape) / 2);
    rowsF16.packInto?.(packed, data, shape, 0);
    return packed;
  },
  packInto(packed, data, shape, first) {
    const halves = new Uint16Array(packed.buffer);
    eachRowValue(data, shape, first, (index, value) => {
      halves[index] = weightToHalf(value);
    });
  },
};
