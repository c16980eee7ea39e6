import type { KernelCase } from "../../src/kernel/registry.js";

const slice = (channels: number, first: number, count: number): KernelCase => ({
  name: `channels ${first} to ${first + count - 1} of ${channels}`,
  shapes: { x: [2, channels, 5, 7] },
  attrs: { first, count },
});

export const sliceChannelsCases: readonly KernelCase[] = [
  { name: "one pixel, one channel", shapes: { x: [1, 1, 1, 1] } },
  slice(5, 0, 5),
  slice(9, 0, 1),
  slice(9, 0, 6),
  slice(9, 3, 1),
  slice(9, 3, 6),
  slice(9, 4, 2),
  slice(9, 4, 5),
  slice(9, 8, 1),
  slice(17, 1, 16),
  slice(17, 7, 8),
  slice(33, 16, 15),
  { name: "batch 3, 13x5", shapes: { x: [3, 20, 13, 5] }, attrs: { first: 12, count: 7 } },
  {
    name: "U-Net, 256 of 512 @56",
    shapes: { x: [1, 512, 56, 56] },
    attrs: { first: 256, count: 256 },
    bench: true,
  },
  {
    name: "DeepLabV3+, 48 of 304 @128",
    shapes: { x: [1, 304, 128, 128] },
    attrs: { first: 256, count: 48 },
    bench: true,
  },
  { name: "HRNet, 36 of 54 @120", shapes: { x: [1, 54, 120, 120] }, attrs: { first: 18, count: 36 }, bench: true },
];
