/**
 * Changes height and width: nearest (source pixel floor(i * in / out)) or bilinear (no antialiasing), with half-pixel
 * centres or aligned corners as PyTorch's interpolate. Positions are integers (see src/kernel/resampling.ts).
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
 */
import { badShape } from "../../src/base/errors.js";
import { checkOutputSize, checkWord } from "../../src/kernel/checks.js";
import { mapParams, threadPerVec4 } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { checkPositions, halfPixelPositions, positionParams } from "../../src/kernel/resampling.js";
import type { Positions } from "../../src/kernel/resampling.js";
import { resize as shaders } from "../wgsl.generated.js";

interface ResizeAttrs {
  readonly mode: string;
  readonly align_corners: boolean;
}

function positions(input: number, output: number, { mode, align_corners }: ResizeAttrs): Positions {
  if (mode === "nearest") return { step: input, offset: 0, over: output };
  if (!align_corners) return halfPixelPositions(input, output);
  // The outermost pixels coincide. A single output pixel takes the first.
  if (output === 1) return { step: 0, offset: 0, over: 1 };
  return { step: input - 1, offset: 0, over: output - 1 };
}

/** Nearest or bilinear resampling to a given height and width. */
export const resize = defineKernel({
  name: "resize",
  shaders,
  inputs: { x: { role: "tensor", layout: "nhwc4" } },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  /** height and width of the output must be given. */
  attrs: { mode: "bilinear" as "bilinear" | "nearest", align_corners: false as boolean, height: 0, width: 0 },

  shape({ x }, { mode, align_corners, height, width }) {
    checkWord("resize", "mode", mode, ["nearest", "bilinear"]);
    if (align_corners && mode === "nearest") {
      throw badShape(`resize: align_corners needs mode "bilinear", got "nearest"`);
    }
    checkOutputSize("resize", height, width);
    checkPositions("resize: x", x, height, width);
    return { y: [x[0], x[1], height, width] };
  },
  params: ({ in: { x }, out: { y }, attrs }) => ({
    ...mapParams(x, y),
    ...positionParams(positions(x[2], y[2], attrs), positions(x[3], y[3], attrs)),
  }),
  overrides: ({ in: { x } }) => ({ CHANNELS: x[1] }),
  cost: ({ in: { x }, out: { y }, attrs }) => ({
    flops: attrs.mode === "bilinear" ? 9 * sizeOf(y) : 0,
    bytes: 4 * (sizeOf(y) + (attrs.mode === "bilinear" ? sizeOf(x) : Math.min(sizeOf(x), sizeOf(y)))),
  }),
  // One variant per mode, so there is never a choice. Each computes four channels of an output pixel per thread.
  variants: {
    // One load.
    nearest: {
      wgsl: "nearest",
      workgroup: [64, 1, 1],
      when: ({ attrs }) => attrs.mode === "nearest",
      threads: ({ out: { y } }) => threadPerVec4(y),
    },
    // Four corners, mixed.
    bilinear: {
      wgsl: "bilinear",
      workgroup: [64, 1, 1],
      when: ({ attrs }) => attrs.mode === "bilinear",
      threads: ({ out: { y } }) => threadPerVec4(y),
    },
  },
});
