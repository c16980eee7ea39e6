import { cellsOf } from "../../src/kernel/cells.js";
import type { KernelCase } from "../../src/kernel/registry.js";

interface Upsampling {
  /** Of the scores. */
  readonly nodes: readonly [n: number, c: number, h: number, w: number];
  readonly pixels: readonly [height: number, width: number];
  readonly stride: number;
  readonly isAligned: boolean;
  readonly crop?: readonly [number, number];
}

function gathered(
  name: string,
  { nodes: [n, c, height, width], pixels, stride, isAligned, crop = [0, 0] }: Upsampling,
  bench = false,
): KernelCase {
  const kernel = isAligned ? 2 * stride - 1 : 2 * stride;
  const padding = isAligned ? stride - 1 : Math.floor(stride / 2);
  const attrs = { kernel, stride, padding, crop_offset: crop };
  const { count } = cellsOf(attrs, pixels[1]);
  return { name, shapes: { sums: [n, c, pixels[0], 2 * count] }, attrs: { ...attrs, height, width }, bench };
}

export const gatherCellsCases: readonly KernelCase[] = [
  gathered("one node", { nodes: [1, 1, 1, 1], pixels: [1, 1], stride: 8, isAligned: true }),
  gathered("stride 1", { nodes: [1, 3, 4, 5], pixels: [4, 5], stride: 1, isAligned: true }),
  ...[1, 3, 4, 5, 15, 16, 17].map((c) =>
    gathered(`${c} channels, x2`, { nodes: [1, c, 4, 6], pixels: [7, 11], stride: 2, isAligned: true }),
  ),
  gathered("x8 aligned, batch 2, cut", { nodes: [2, 6, 4, 5], pixels: [23, 29], stride: 8, isAligned: true }),
  gathered("x8, edges beyond the nodes", { nodes: [1, 5, 3, 3], pixels: [24, 24], stride: 8, isAligned: false }),
  gathered("x8, cropped", { nodes: [1, 5, 5, 6], pixels: [21, 30], stride: 8, isAligned: false, crop: [9, 4] }),
  gathered("x32, batch 3", { nodes: [3, 4, 2, 3], pixels: [50, 61], stride: 32, isAligned: false }),
  gathered("nodes that no pixel reads", { nodes: [1, 2, 6, 7], pixels: [5, 5], stride: 4, isAligned: true }),
  gathered("odd stride", { nodes: [1, 3, 3, 4], pixels: [8, 11], stride: 3, isAligned: false }),
  gathered(
    "21 channels 49x65 from 384x512",
    { nodes: [1, 21, 49, 65], pixels: [384, 512], stride: 8, isAligned: true },
    true,
  ),
];
