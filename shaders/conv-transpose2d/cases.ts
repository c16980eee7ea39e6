import type { KernelCase } from "../../src/kernel/registry.js";

/** The upscore steps of the FCN heads: kernel 2s, stride s, padding s/2. */
const upscore = (s: number): NonNullable<KernelCase["attrs"]> => ({ stride: s, padding: s / 2 });

export const convTranspose2dCases: readonly KernelCase[] = [
  { name: "1x1 input, 4x4 s2 p1, dense 21", shapes: { x: [1, 21, 1, 1], weight: [21, 21, 4, 4] }, attrs: upscore(2) },
  {
    name: "dense 21, 4x4 s2 p1, 5x7, cropped to 9x13",
    shapes: { x: [1, 21, 5, 7], weight: [21, 21, 4, 4] },
    attrs: { ...upscore(2), crop: [9, 13] },
  },
  {
    name: "dense 21, up2 with the skip added",
    shapes: { x: [1, 21, 4, 9], weight: [21, 21, 4, 4], residual: [1, 21, 7, 17] },
    attrs: { ...upscore(2), crop: [7, 17] },
  },
  {
    name: "dense 25 -> 26, batch 2, bias and residual, crop from an offset",
    shapes: { x: [2, 25, 5, 6], weight: [25, 26, 5, 4], bias: [26], residual: [2, 26, 9, 8] },
    attrs: { stride: [3, 2], padding: 1, crop: [9, 8], crop_offset: [2, 3] },
  },
  {
    name: "per channel with a residual",
    shapes: { x: [1, 6, 2, 3], weight: [6, 1, 4, 4], residual: [1, 6, 4, 6] },
    attrs: { ...upscore(2), groups: 6 },
  },
  {
    name: "dense 5 -> 3, batch 2, bias",
    shapes: { x: [2, 5, 3, 4], weight: [5, 3, 3, 3], bias: [3] },
    attrs: { stride: 2, padding: 1, output_padding: 1 },
  },
  { name: "dense 4 -> 17, stride 1", shapes: { x: [1, 4, 5, 3], weight: [4, 17, 3, 3] }, attrs: { padding: 1 } },
  {
    name: "dense, stride larger than the kernel leaves gaps",
    shapes: { x: [1, 3, 3, 2], weight: [3, 4, 2, 2] },
    attrs: { stride: 3, output_padding: 2 },
  },
  {
    name: "dense, pairs, 3x5 kernel",
    shapes: { x: [1, 6, 4, 5], weight: [6, 7, 3, 5] },
    attrs: { stride: [2, 3], padding: [1, 2], output_padding: [1, 0] },
  },
  {
    name: "dilation 2 and 3",
    shapes: { x: [1, 5, 4, 3], weight: [5, 6, 3, 2] },
    attrs: { stride: 2, padding: 1, dilation: [2, 3], output_padding: 1 },
  },
  {
    name: "groups 3 of 2 -> 3",
    shapes: { x: [2, 6, 3, 3], weight: [6, 3, 4, 4], bias: [9] },
    attrs: { stride: 2, padding: 1, groups: 3 },
  },
  {
    name: "per channel 21, 16x16 s8 p4, cropped to 17x29",
    shapes: { x: [1, 21, 3, 4], weight: [21, 1, 16, 16] },
    attrs: { ...upscore(8), groups: 21, crop: [17, 29] },
  },
  {
    name: "per channel 5, batch 2, 64x64 s32 p16, cropped to 31x1",
    shapes: { x: [2, 5, 1, 1], weight: [5, 1, 64, 64] },
    attrs: { ...upscore(32), groups: 5, crop: [31, 1] },
  },
  {
    name: "per channel, crop from an offset",
    shapes: { x: [1, 4, 3, 3], weight: [4, 1, 8, 8], bias: [4] },
    attrs: { stride: 4, groups: 4, crop: [7, 9], crop_offset: [3, 4] },
  },
  {
    name: "per channel with dilation",
    shapes: { x: [1, 3, 3, 2], weight: [3, 1, 2, 2] },
    attrs: { stride: 2, dilation: 3, groups: 3 },
  },
  { name: "up2 of FCN-16s @224", shapes: { x: [1, 21, 7, 7], weight: [21, 21, 4, 4] }, attrs: upscore(2), bench: true },
  {
    name: "up4 of FCN-8s @640x480, skip added",
    shapes: { x: [1, 21, 30, 40], weight: [21, 21, 4, 4], residual: [1, 21, 60, 80] },
    attrs: upscore(2),
    bench: true,
  },
  {
    name: "upscore32 @224, dense",
    shapes: { x: [1, 21, 7, 7], weight: [21, 21, 64, 64] },
    attrs: upscore(32),
    bench: true,
  },
  {
    name: "upscore32 @224, bilinear",
    shapes: { x: [1, 21, 7, 7], weight: [21, 1, 64, 64] },
    attrs: { ...upscore(32), groups: 21 },
    bench: true,
  },
  {
    name: "upscore16 @224, bilinear",
    shapes: { x: [1, 21, 14, 14], weight: [21, 1, 32, 32] },
    attrs: { ...upscore(16), groups: 21 },
    bench: true,
  },
  {
    name: "upscore8 @224, bilinear",
    shapes: { x: [1, 21, 28, 28], weight: [21, 1, 16, 16] },
    attrs: { ...upscore(8), groups: 21 },
    bench: true,
  },
];
