/** How the matrix variants want [out][in][kh][kw]: the rows of the product's right side, the same for every size of tile. */
import { FcnError } from "../../src/base/errors.js";
import { toHalf } from "../../src/kernel/layout.js";
import { blocksOf } from "../../src/kernel/shape.js";
import type { Shape } from "../../src/kernel/shape.js";
import type { Packing } from "../../src/kernel/variant.js";
import type { ConvProblem } from "./problem.js";

/** Writes [out][in][kh][kw] as [kh][kw][in][out] with channels padded to 4; `store` takes the place in the packed array. */
function asRows(data: Float32Array, shape: Shape, store: (at: number, value: number) => void): void {
  const [outC, inC, kh, kw] = shape as [number, number, number, number];
  const [inPitch, outPitch] = [blocksOf(inC) * 4, blocksOf(outC) * 4];
  for (let o = 0, from = 0; o < outC; o++) {
    for (let c = 0; c < inC; c++) {
      for (let tap = 0; tap < kh * kw; tap++) store((tap * inPitch + c) * outPitch + o, data[from++] as number);
    }
  }
}

const rowsSize = ([outC, inC, kh, kw]: Shape): number =>
  (kh as number) * (kw as number) * blocksOf(inC as number) * blocksOf(outC as number) * 16;

/** As f16 bits. @throws bad-weights for a number that f16 cannot hold, which no rounding could stand for */
export function half(value: number): number {
  const bits = toHalf(value);
  if ((bits & 0x7fff) === 0x7c00)
    throw new FcnError(
      "bad-weights",
      `conv2d: a weight is ${value}, f16 holds at most 65504: run this network with precision "f32"`,
    );
  return bits;
}

/** [kh][kw][in][out/4] of vec4 over 4 outputs. */
export const rows: Packing<ConvProblem> = {
  name: "conv2d/rows",
  pack(data, shape) {
    const packed = new Float32Array(rowsSize(shape));
    asRows(data, shape, (at, value) => (packed[at] = value));
    return packed;
  },
};

/** The same in halves. */
export const rowsF16: Packing<ConvProblem> = {
  name: "conv2d/rows-f16",
  precision: "f16",
  pack(data, shape) {
    const packed = new Uint16Array(rowsSize(shape));
    asRows(data, shape, (at, value) => (packed[at] = half(value)));
    return new Uint32Array(packed.buffer);
  },
};
