/**
 * Changes height and width: nearest (source pixel floor(i * in / out)) or bilinear (no antialiasing), with half-pixel centres
 * or aligned corners as PyTorch's interpolate. Positions are computed in integers, as a pixel and a remainder over a common
 * denominator, so that every adapter takes the same pixels and the weights are right to the last bit at any size.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
 */
import { badShape } from "../../src/base/errors.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { i32, u32 } from "../../src/kernel/problem.js";
import { blocksOf, formatShape } from "../../src/kernel/shape.js";
import { resize as shaders } from "../wgsl.generated.js";

const MODES: readonly string[] = ["nearest", "bilinear"];

/** Twice in * out must fit in an i32. */
const MAX_PRODUCT = 2 ** 30;

/** Output i lies at max(i * step + offset, 0) / over in pixels of the input. */
function positions(
  input: number,
  output: number,
  mode: string,
  alignCorners: boolean,
): { step: number; offset: number; over: number } {
  if (mode === "nearest") return { step: input, offset: 0, over: output };
  if (alignCorners) return { step: output > 1 ? input - 1 : 0, offset: 0, over: Math.max(output - 1, 1) };
  return { step: 2 * input, offset: input - output, over: 2 * output }; // (i + 1/2) * in / out - 1/2
}

/** Nearest or bilinear resampling to a given height and width. */
export const resize = defineKernel({
  name: "resize",
  shaders,
  inputs: { x: { role: "tensor", layout: "nhwc4" } },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  /** height and width of the output must be given. */
  attrs: { mode: "bilinear" as string, align_corners: false as boolean, height: 0, width: 0 },

  shape({ x }, { mode, align_corners, height, width }) {
    if (!MODES.includes(mode)) throw badShape(`resize: mode "${mode}" is not one of ${MODES.join(", ")}`);
    if (align_corners && mode === "nearest")
      throw badShape(`resize: align_corners needs mode "bilinear", got "nearest"`);
    if (![height, width].every((d) => Number.isInteger(d) && d > 0)) {
      throw badShape(`resize: height ${height} and width ${width} need to be positive whole numbers`);
    }
    for (const [what, from, to] of [
      ["rows", x[2], height],
      ["columns", x[3], width],
    ] as const) {
      if (from * to >= MAX_PRODUCT) {
        throw badShape(
          `resize: x ${formatShape(x)} to ${to} ${what}: ${from} * ${to} = ${from * to} needs to be below ${MAX_PRODUCT}`,
        );
      }
    }
    return { y: [x[0], x[1], height, width] };
  },
  params({ in: { x }, out: { y }, attrs }) {
    const rows = positions(x[2], y[2], attrs.mode, attrs.align_corners);
    const columns = positions(x[3], y[3], attrs.mode, attrs.align_corners);
    return {
      in_h: u32(x[2]),
      in_w: u32(x[3]),
      out_h: u32(y[2]),
      out_w: u32(y[3]),
      pixels: u32(y[0] * y[2] * y[3]),
      step_h: i32(rows.step),
      step_w: i32(columns.step),
      offset_h: i32(rows.offset),
      offset_w: i32(columns.offset),
      over_h: i32(rows.over),
      over_w: i32(columns.over),
    };
  },
  overrides: ({ in: { x } }) => ({ CHANNELS: x[1] }),
  cost: ({ in: { x }, out: { y }, attrs }) => ({
    flops: attrs.mode === "bilinear" ? 9 * sizeOf(y) : 0,
    bytes: 4 * (sizeOf(y) + (attrs.mode === "bilinear" ? sizeOf(x) : Math.min(sizeOf(x), sizeOf(y)))),
  }),
  variants: {
    // One thread, four channels of an output pixel: one load.
    nearest: {
      wgsl: "nearest",
      workgroup: [64, 1, 1],
      when: ({ attrs }) => attrs.mode === "nearest",
      threads: ({ out: { y } }) => [y[0] * y[2] * y[3] * blocksOf(y[1]), 1, 1],
    },
    // One thread, four channels of an output pixel: four corners, mixed.
    bilinear: {
      wgsl: "bilinear",
      workgroup: [64, 1, 1],
      when: ({ attrs }) => attrs.mode === "bilinear",
      threads: ({ out: { y } }) => [y[0] * y[2] * y[3] * blocksOf(y[1]), 1, 1],
    },
  },
});
