import type { KernelCase } from "../../src/kernel/registry.js";

export const channelSumCases: readonly KernelCase[] = [
  { name: "one pixel, one channel", shapes: { dy: [1, 1, 1, 1] } },
  ...[1, 3, 4, 5, 15, 16, 17].flatMap((c) =>
    [1, 3].map((splits) => ({
      name: `${c} channels, 7x11, ${splits} parts`,
      shapes: { dy: [1, c, 7, 11] },
      attrs: { splits },
    })),
  ),
  { name: "batch 3, 13x5, 4 parts", shapes: { dy: [3, 6, 13, 5] }, attrs: { splits: 4 } },
  { name: "more parts than pixels", shapes: { dy: [1, 5, 2, 3] }, attrs: { splits: 9 } },
  { name: "a last part of fewer pixels, and an empty one", shapes: { dy: [1, 3, 1, 9] }, attrs: { splits: 6 } },
  { name: "5000 pixels", shapes: { dy: [2, 5, 50, 50] }, attrs: { splits: 2 } },
  { name: "21 classes @64, 16 parts", shapes: { dy: [1, 21, 64, 64] }, attrs: { splits: 16 }, bench: true },
  { name: "96 @192x256, 32 parts", shapes: { dy: [1, 96, 192, 256] }, attrs: { splits: 32 }, bench: true },
  { name: "512 @28, batch 8, 16 parts", shapes: { dy: [8, 512, 28, 28] }, attrs: { splits: 16 }, bench: true },
];
