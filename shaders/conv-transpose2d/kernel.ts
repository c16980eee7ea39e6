/**
 * 2-D transposed convolution (PyTorch's conv_transpose2d) with an optional crop and an optional residual added in the store:
 * the "deconvolution" that brings FCN scores back to the size of a skip, and fuses it, or to that of the picture. Dense (groups 1:
 * learned upscore kernels) and per channel (groups = channels: the fixed bilinear kernel, 4 products an output value instead of
 * 4 * channels).
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html
 */
import { badShape } from "../../src/base/errors.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { fitsTexture, fitsWeights, sizeOf, textureColumns } from "../../src/kernel/layout.js";
import type { Nchw } from "../../src/kernel/layout.js";
import { outputTiles, tileTexels } from "../../src/kernel/packings.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { blocksOf, ceilDiv, convTransposeOutputSize, elements, formatShape } from "../../src/kernel/shape.js";
import type { Shape } from "../../src/kernel/shape.js";
import type { DeviceTraits, Packing } from "../../src/kernel/variant.js";
import { convTranspose2d as shaders } from "../wgsl.generated.js";

/** [channel][1][kh][kw] -> [kh][kw][channel/4] of vec4 over 4 channels. */
const channelBlocks: Packing = {
  name: "conv-transpose2d/channel-blocks",
  pack(data, shape) {
    const [channels, , kh, kw] = shape as [number, number, number, number];
    const pitch = blocksOf(channels) * 4;
    const packed = new Float32Array(kh * kw * pitch);
    for (let c = 0; c < channels; c++) {
      for (let tap = 0; tap < kh * kw; tap++) packed[tap * pitch + c] = data[c * kh * kw + tap] as number;
    }
    return packed;
  },
};

/** Windows and output channels that a thread of lanes.wgsl keeps in registers. */
const LANES_TP = 4;
const LANES_TC = 16;

type UpProblem = {
  readonly in: {
    readonly x: Nchw;
    readonly weight: Shape;
    readonly bias: Shape | undefined;
    readonly residual: Nchw | undefined;
  };
  readonly out: { readonly y: Nchw };
  readonly attrs: {
    readonly stride: Pair;
    readonly padding: Pair;
    readonly dilation: Pair;
    readonly groups: number;
    readonly crop_offset: Pair;
  };
};

/** Output pixels of one sub-pixel position along an axis. */
const windows = (size: number, stride: number): number => ceilDiv(size, stride);

/** Sub-pixel convolution: pixels of one position in the stride on the lanes of a subgroup, operands in textures: for software adapters. */
const lanes = (subgroup: number) => ({
  wgsl: "lanes",
  workgroup: [subgroup, 1, 1] as const,
  features: ["subgroups"],
  subgroupSize: subgroup,
  consts: { LANES: subgroup, TC: LANES_TC },
  layouts: { x: "tex4", residual: "tex4", y: "tex4" } as const,
  packing: { weight: outputTiles({ tile: LANES_TC, order: "in-out", storage: "texture" }) },
  fixedGrid: true as const,
  when: ({ in: { x, weight }, out: { y }, attrs }: UpProblem, device: DeviceTraits): boolean =>
    device.software &&
    attrs.groups === 1 &&
    pair(attrs.dilation).every((d) => d === 1) &&
    fitsTexture(x) &&
    fitsTexture(y) &&
    fitsWeights(tileTexels(weight, LANES_TC, "in-out")),
  overrides: () => ({}),
  params: ({ in: { x, weight, bias, residual }, out: { y }, attrs }: UpProblem) => ({
    in_w: u32(x[3]),
    in_h: u32(x[2]),
    in_blocks: u32(blocksOf(x[1])),
    in_columns: u32(textureColumns(x)),
    out_w: u32(y[3]),
    out_h: u32(y[2]),
    out_blocks: u32(blocksOf(y[1])),
    out_columns: u32(textureColumns(y)),
    windows: u32(y[0] * windows(y[2], pair(attrs.stride)[0]) * windows(y[3], pair(attrs.stride)[1])),
    kernel_h: u32(weight[2] as number),
    kernel_w: u32(weight[3] as number),
    stride_h: u32(pair(attrs.stride)[0]),
    stride_w: u32(pair(attrs.stride)[1]),
    skip_h: u32(pair(attrs.padding)[0] + pair(attrs.crop_offset)[0]),
    skip_w: u32(pair(attrs.padding)[1] + pair(attrs.crop_offset)[1]),
    has_bias: u32(bias ? 1 : 0),
    has_residual: u32(residual ? 1 : 0),
  }),
  threads: ({ out: { y }, attrs }: UpProblem) => {
    const [sh, sw] = pair(attrs.stride);
    const count = y[0] * windows(y[2], sh) * windows(y[3], sw);
    return [ceilDiv(count, LANES_TP * subgroup) * subgroup, ceilDiv(y[1], LANES_TC), sh * sw] as const;
  },
});

/** Transposed convolution with crop, dense or per channel. */
export const convTranspose2d = defineKernel({
  name: "conv-transpose2d",
  shaders,
  inputs: {
    x: { role: "tensor", layout: "nhwc4" },
    weight: { role: "weight" },
    bias: { role: "weight", optional: true },
    /** Added to the cropped result: the skip connection. */
    residual: { role: "tensor", layout: "nhwc4", optional: true },
  },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  attrs: {
    stride: 1 as Pair,
    padding: 0 as Pair,
    output_padding: 0 as Pair,
    dilation: 1 as Pair,
    groups: 1,
    /** Rows and columns to keep, from `crop_offset` on; 0 keeps all. */
    crop: 0 as Pair,
    crop_offset: 0 as Pair,
  },

  shape({ x, weight, bias, residual }, attrs) {
    if (weight.length !== 4)
      throw badShape(`conv-transpose2d: weight ${formatShape(weight)} needs 4 dimensions [in, out/groups, kh, kw]`);
    const [inC, groupOut, kh, kw] = weight as [number, number, number, number];
    const { groups } = attrs;
    if (inC !== x[1])
      throw badShape(
        `conv-transpose2d: weight ${formatShape(weight)} needs ${inC} input channels, x ${formatShape(x)} has ${x[1]}`,
      );
    if (!Number.isInteger(groups) || groups < 1 || inC % groups !== 0) {
      throw badShape(
        `conv-transpose2d: groups ${groups} must divide the ${inC} input channels of weight ${formatShape(weight)}`,
      );
    }
    const outC = groupOut * groups;
    if (bias && elements(bias) !== outC)
      throw badShape(`conv-transpose2d: bias ${formatShape(bias)} needs ${outC} values`);
    const axis = (i: 0 | 1): number => {
      const full = convTransposeOutputSize(x[2 + i] as number, {
        kernel: i === 0 ? kh : kw,
        stride: pair(attrs.stride)[i],
        padding: pair(attrs.padding)[i],
        outputPadding: pair(attrs.output_padding)[i],
        dilation: pair(attrs.dilation)[i],
      });
      const offset = pair(attrs.crop_offset)[i];
      const size = pair(attrs.crop)[i] || full - offset;
      if (!Number.isInteger(offset) || offset < 0 || !Number.isInteger(size) || size < 1 || offset + size > full) {
        throw badShape(
          `conv-transpose2d: crop of ${size} from ${offset} does not fit in the ${full} ${i === 0 ? "rows" : "columns"} made from x ${formatShape(x)}`,
        );
      }
      return size;
    };
    const y = [x[0], outC, axis(0), axis(1)] as const;
    if (residual && residual.some((d, i) => d !== y[i])) {
      throw badShape(`conv-transpose2d: residual ${formatShape(residual)} needs the output's shape ${formatShape(y)}`);
    }
    return { y };
  },
  params: ({ in: { x }, out: { y }, attrs }) => ({
    in_h: u32(x[2]),
    in_w: u32(x[3]),
    out_h: u32(y[2]),
    out_w: u32(y[3]),
    pixels: u32(y[0] * y[2] * y[3]),
    crop_top: u32(pair(attrs.crop_offset)[0]),
    crop_left: u32(pair(attrs.crop_offset)[1]),
  }),
  overrides: ({ in: { x, weight, bias, residual }, out: { y }, attrs }) => ({
    IN_C: x[1],
    OUT_C: y[1],
    KERNEL_H: weight[2] as number,
    KERNEL_W: weight[3] as number,
    STRIDE_H: pair(attrs.stride)[0],
    STRIDE_W: pair(attrs.stride)[1],
    PAD_H: pair(attrs.padding)[0],
    PAD_W: pair(attrs.padding)[1],
    DILATION_H: pair(attrs.dilation)[0],
    DILATION_W: pair(attrs.dilation)[1],
    GROUPS: attrs.groups,
    HAS_BIAS: bias ? 1 : 0,
    HAS_RESIDUAL: residual ? 1 : 0,
  }),
  cost: ({ in: { x, weight, residual }, out: { y }, attrs }) => {
    const taps =
      Math.ceil((weight[2] as number) / pair(attrs.stride)[0]) *
      Math.ceil((weight[3] as number) / pair(attrs.stride)[1]);
    return {
      flops: 2 * sizeOf(y) * taps * (x[1] / attrs.groups),
      bytes: 4 * (sizeOf(x) + elements(weight) + sizeOf(y) + (residual ? sizeOf(residual) : 0)),
    };
  },
  variants: {
    // One thread, one output value; every tap tested for a whole input position.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { y } }) => [y[0] * y[2] * y[3] * blocksOf(y[1]) * 4, 1, 1],
    },
    // Four outputs of a pixel; only the taps that hit an input, found by stepping with the stride.
    dense: {
      wgsl: "dense",
      workgroup: [64, 1, 1],
      packing: { weight: outputTiles({ tile: 4, order: "in-out" }) },
      when: ({ attrs }) => attrs.groups === 1 && pair(attrs.dilation).every((d) => d === 1),
      threads: ({ out: { y } }) => [y[0] * y[2] * y[3] * blocksOf(y[1]), 1, 1],
    },
    // Four channels of a pixel; a kernel of 2 strides costs 2 x 2 taps.
    "per-channel": {
      wgsl: "per-channel",
      workgroup: [64, 1, 1],
      packing: { weight: channelBlocks },
      when: ({ in: { x, weight }, attrs }) =>
        attrs.groups === x[1] && weight[1] === 1 && pair(attrs.dilation).every((d) => d === 1),
      threads: ({ out: { y } }) => [y[0] * y[2] * y[3] * blocksOf(y[1]), 1, 1],
    },
    "lanes-4": lanes(4),
    "lanes-8": lanes(8),
  },
});
