import type { KernelCase } from "../../src/kernel/registry.js";

export const globalAveragePoolCases: readonly KernelCase[] = [
  { name: "one pixel, one channel", shapes: { x: [1, 1, 1, 1] } },
  { name: "one pixel, 9 channels: a copy", shapes: { x: [2, 9, 1, 1] } },
  ...[1, 3, 4, 5, 15, 16, 17].map((c) => ({ name: `${c} channels, 7x11`, shapes: { x: [1, c, 7, 11] } })),
  { name: "sums of 7x5 pixels, batch 2", shapes: { x: [2, 6, 7, 5] }, attrs: { sum: true } },
  { name: "batch 3, 13x5", shapes: { x: [3, 22, 13, 5] } },
  { name: "as many pixels a row as threads share a sum", shapes: { x: [1, 6, 3, 64] } },
  { name: "1,025 pixels in a row", shapes: { x: [2, 5, 1, 1025] } },
  { name: "1,023 pixels in a column", shapes: { x: [1, 5, 1023, 1] } },
  // Added one to the other in f32, these lose four of seven digits.
  { name: "420,000 equal values", shapes: { x: [1, 2, 700, 600] }, fill: { x: () => 0.1 } },
  { name: "large values of both signs", shapes: { x: [1, 5, 9, 9] }, fill: { x: (i) => (i % 2 ? -5e4 : 6e4) } },
  { name: "planes side by side in a texture", shapes: { x: [2, 12, 2500, 3] } },
  { name: "MobileNetV2 320 @12x16", shapes: { x: [1, 320, 12, 16] }, bench: true },
  { name: "MobileNetV2 1280 @7x7", shapes: { x: [1, 1280, 7, 7] }, bench: true },
  { name: "ResNet 2048 @28x28", shapes: { x: [1, 2048, 28, 28] }, bench: true },
  { name: "144 @96x128", shapes: { x: [1, 144, 96, 128] }, bench: true },
];
