/**
 * The mean of each plane: [N, C, H, W] to [N, C, 1, 1] (PyTorch's adaptive_avg_pool2d to 1 x 1). Sums are taken in a
 * fixed order, so that every run gives the same bits, and in parts, so that large planes keep their digits.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html
 */
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { f32, u32 } from "../../src/kernel/problem.js";
import { blocksOf, ceilDiv } from "../../src/kernel/shape.js";
import type { Nchw } from "../../src/kernel/shape.js";
import { fitsTexture, textureColumns } from "../../src/kernel/texture.js";
import type { KernelVariant, Precision } from "../../src/kernel/variant.js";
import { globalAveragePool as shaders } from "../wgsl.generated.js";

interface PoolProblem {
  readonly in: { readonly x: Nchw };
  readonly out: { readonly y: Nchw };
  readonly attrs: { readonly sum: boolean };
}

/** Planes of four channels, of the whole batch. */
const planesOf = ([n, c]: Nchw): number => n * blocksOf(c);

/** Blocks of channels and threads of a workgroup of tree.wgsl and tree-f16.wgsl. */
const TREE = { blocks: 4, threads: 256 };

const divisorOf = ({ in: { x }, attrs }: Pick<PoolProblem, "in" | "attrs">): number => (attrs.sum ? 1 : x[2] * x[3]);

const tree = (precision: Precision): KernelVariant<PoolProblem> => ({
  wgsl: precision === "f16" ? "tree-f16" : "tree",
  workgroup: [TREE.threads, 1, 1],
  prefer: (_, { software }) => precision === "f16" || !software,
  params: (problem) => {
    const { x } = problem.in;
    return {
      blocks: u32(blocksOf(x[1])),
      images: u32(x[0]),
      pixels: u32(x[2] * x[3]),
      divisor: f32(divisorOf(problem)),
    };
  },
  threads: ({ in: { x } }) => [x[0] * ceilDiv(blocksOf(x[1]), TREE.blocks) * TREE.threads, 1, 1],
  ...(precision === "f16" && { precision, layouts: { x: "nhwc4-f16", y: "nhwc4-f16" } }),
});

/** Mean of each plane. */
export const globalAveragePool = defineKernel({
  name: "global-average-pool",
  shaders,
  inputs: { x: { role: "tensor", layout: "nhwc4" } },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  attrs: {
    /** The sum of the pixels in place of their mean: the gradient of one pixel that was repeated. */
    sum: false as boolean,
  },

  shape: ({ x }) => ({ y: [x[0], x[1], 1, 1] }),
  params: ({ in: { x }, attrs }) => ({
    in_h: u32(x[2]),
    in_w: u32(x[3]),
    blocks: u32(blocksOf(x[1])),
    planes: u32(planesOf(x)),
    divisor: f32(divisorOf({ in: { x }, attrs })),
  }),
  overrides: () => ({}),
  cost: ({ in: { x }, out: { y } }) => ({ flops: sizeOf(x), bytes: 4 * (sizeOf(x) + sizeOf(y)) }),
  variants: {
    // Four channels per thread.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ in: { x } }) => [planesOf(x), 1, 1],
    },
    // 64 threads share each sum. Win on GPUs, in f32 and f16.
    tree: tree("f32"),
    "tree-f16": tree("f16"),
    // As naive, between textures. Wins on software adapters, whose convolutions read and write textures.
    texture: {
      wgsl: "texture",
      workgroup: [8, 1, 1],
      layouts: { x: "tex4", y: "tex4" },
      when: ({ in: { x }, out: { y } }, { software }) => software && fitsTexture(x) && fitsTexture(y),
      params: ({ in: { x }, out: { y }, attrs }) => ({
        in_h: u32(x[2]),
        in_w: u32(x[3]),
        in_columns: u32(textureColumns(x)),
        out_columns: u32(textureColumns(y)),
        blocks: u32(blocksOf(x[1])),
        planes: u32(planesOf(x)),
        divisor: f32(divisorOf({ in: { x }, attrs })),
      }),
      threads: ({ in: { x } }) => [planesOf(x), 1, 1],
    },
  },
});
