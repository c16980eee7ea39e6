/**
 * Resizes logits bilinearly (half-pixel centres) and takes the largest channel of every pixel, without writing the
 * resized logits anywhere: for a photograph of 12 million pixels and 21 classes those are 1.15 GB, more than many
 * devices bind. Ties and NaN as in argmax, positions as in resize.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
 */
import { badShape } from "../../src/base/errors.js";
import { checkOutputSize, checkWholeNumbers } from "../../src/kernel/checks.js";
import { mapParams, pixelsOf, threadPerFourPixels } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { i32, pair, u32 } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { checkPositions, halfPixelPositions, positionParams } from "../../src/kernel/resampling.js";
import type { Positions } from "../../src/kernel/resampling.js";
import { formatShape } from "../../src/kernel/shape.js";
import type { Nchw } from "../../src/kernel/shape.js";
import { fitsTexture, textureColumns } from "../../src/kernel/texture.js";
import { resizeArgmax as shaders } from "../wgsl.generated.js";

interface ResizeAttrs {
  readonly height: number;
  readonly width: number;
  readonly stride: number;
  readonly shift: number;
  readonly seen: Pair;
}

/** Rows of a batch's labels up to which the division of texture.wgsl is right. */
const MOST_ROWS = 2 ** 22;

/** Positions that no limit holds back. */
const NO_LIMIT = 2 ** 31 - 1;

/**
 * A stride enlarges the input to a map. Pixel p of the map lies at (p + shift + 1/2) / stride - 1/2 pixels of the
 * input. Without `seen`, output i is pixel i of the map. With it, the map is resized: output i lies at pixel
 * (i + 1/2) * seen / output - 1/2 of the map, and `most` keeps it inside.
 */
function stridePositions(output: number, { stride, shift }: ResizeAttrs, seen: number): Positions & { most: number } {
  if (seen === 0) return { step: 2, offset: 1 - stride + 2 * shift, over: 2 * stride, most: NO_LIMIT };
  return {
    step: 2 * seen,
    offset: seen + output * (2 * shift - stride),
    over: 2 * output * stride,
    most: (2 * (seen - 1) + 2 * shift + 1 - stride) * output,
  };
}

function positionParamsOf(x: Nchw, y: Nchw, attrs: ResizeAttrs) {
  if (attrs.stride === 0) {
    const positions = positionParams(halfPixelPositions(x[2], y[2]), halfPixelPositions(x[3], y[3]));
    return { ...positions, most_h: i32(NO_LIMIT), most_w: i32(NO_LIMIT) };
  }
  const [seenH, seenW] = pair(attrs.seen);
  const [rows, columns] = [stridePositions(y[2], attrs, seenH), stridePositions(y[3], attrs, seenW)];
  return { ...positionParams(rows, columns), most_h: i32(rows.most), most_w: i32(columns.most) };
}

function checkStride(x: Nchw, attrs: ResizeAttrs): void {
  const { height, width, stride, shift, seen } = attrs;
  checkWholeNumbers("resize-argmax", { stride, seen }, {});
  if (!Number.isInteger(2 * shift) || shift < 0 || (stride === 0 && shift !== 0)) {
    throw badShape(`resize-argmax: shift ${shift} needs to be a multiple of 1/2, 0 or more, and goes with a stride`);
  }
  const [seenH, seenW] = pair(seen);
  const isResized = seenH > 0 || seenW > 0;
  if (isResized && (seenH === 0 || seenW === 0 || stride === 0 || 2 * shift !== stride - 1)) {
    const needed = "both sizes, a stride, and shift (stride - 1) / 2, so that pixel i * stride is pixel i of x";
    throw badShape(`resize-argmax: seen [${seenH},${seenW}] with stride ${stride} and shift ${shift} needs ${needed}`);
  }
  const [rows, columns] = isResized ? [seenH, seenW] : [height, width];
  if (stride > 0 && (rows + shift > x[2] * stride || columns + shift > x[3] * stride)) {
    const size = shift === 0 ? `${rows} x ${columns}` : `${rows} x ${columns}, shifted by ${shift},`;
    throw badShape(`resize-argmax: ${size} needs to fit in x ${formatShape(x)} times stride ${stride}`);
  }
  checkPositions("resize-argmax: x", x, stride, stride);
  if (isResized) {
    checkPositions("resize-argmax: x", [x[0], x[1], 2 * seenH, 2 * seenW], height, width);
    checkPositions("resize-argmax: x", [x[0], x[1], 2 * stride, 2 * stride], height, width);
  }
}

/** Labels at a given height and width from logits of another, resized bilinearly on the way. */
export const resizeArgmax = defineKernel({
  name: "resize-argmax",
  shaders,
  inputs: { x: { role: "tensor", layout: "nhwc4" } },
  outputs: { y: { role: "tensor", layout: "u8" } },
  attrs: {
    /** Of the output. Both must be given. */
    height: 0,
    width: 0,
    /**
     * 0 maps the whole input onto height x width. A stride s lays input pixel i over output pixels i*s .. i*s + s - 1
     * and crops. That gives the labels of the fixed bilinear transposed convolution (kernel 2s, stride s, padding s/2):
     * at the border the convolution fades, but all classes by one factor, which moves no argmax.
     */
    stride: 0,
    /**
     * Pixels of the output to leave out before the first, in halves: (stride - 1) / 2 puts input pixel i on output
     * pixel i*s, as a transposed convolution of kernel 2s - 1 and padding s - 1 does.
     */
    shift: 0,
    /**
     * Size of the map of that stride. Where it is given, the output is that map resized (bilinear, half-pixel centres).
     * Two mixes, one after the other, are one mix here, because the map is linear between the pixels of the input.
     */
    seen: 0 as Pair,
  },

  shape({ x }, attrs) {
    if (x[1] > 256) throw badShape(`resize-argmax: x ${formatShape(x)} has ${x[1]} channels, u8 labels hold 256`);
    checkOutputSize("resize-argmax", attrs.height, attrs.width);
    checkStride(x, attrs);
    if (attrs.stride === 0) checkPositions("resize-argmax: x", x, attrs.height, attrs.width);
    return { y: [x[0], 1, attrs.height, attrs.width] };
  },
  params: ({ in: { x }, out: { y }, attrs }) => ({ ...mapParams(x, y), ...positionParamsOf(x, y, attrs) }),
  overrides: ({ in: { x } }) => ({ CHANNELS: x[1] }),
  cost: ({ in: { x }, out: { y } }) => ({ flops: 10 * x[1] * sizeOf(y), bytes: 4 * sizeOf(x) + sizeOf(y) }),
  variants: {
    // Four pixels per thread, four labels per word. The one to read first.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { y } }) => threadPerFourPixels(y),
    },
    // Fetches the corners of a word's four pixels once where they share them. Wins where the picture is enlarged.
    corners: {
      wgsl: "corners",
      workgroup: [64, 1, 1],
      threads: ({ out: { y } }) => threadPerFourPixels(y),
    },
    // From a texture, with no mixing where the four corners agree on the class. Wins on software adapters.
    texture: {
      wgsl: "texture",
      ahead: true,
      workgroup: [8, 1, 1],
      layouts: { x: "tex4" },
      when: ({ in: { x }, out: { y } }, { software }) => software && fitsTexture(x) && y[0] * y[2] < MOST_ROWS,
      params: ({ in: { x }, out: { y }, attrs }) => ({
        in_h: u32(x[2]),
        in_w: u32(x[3]),
        in_columns: u32(textureColumns(x)),
        out_h: u32(y[2]),
        out_w: u32(y[3]),
        pixels: u32(pixelsOf(y)),
        ...positionParamsOf(x, y, attrs),
      }),
      threads: ({ out: { y } }) => threadPerFourPixels(y),
    },
  },
});
