import type { KernelCase } from "../../src/kernel/registry.js";

const shapes = (a: readonly number[], b: readonly number[]): KernelCase["shapes"] => ({ a, b });
const broadcast = { broadcast: true };

const CHANNELS = [
  ...([1, 2, 3, 4, 5].flatMap((a) => [1, 2, 3, 4, 5].map((b) => [a, b])) as [number, number][]),
  [8, 1],
  [6, 7],
  [2, 17],
  [15, 16],
  [16, 15],
] as const;

export const concatCases: readonly KernelCase[] = [
  ...CHANNELS.map(([a, b]) => ({ name: `${a} + ${b} channels, 7x9`, shapes: shapes([1, a, 7, 9], [1, b, 7, 9]) })),
  { name: "one pixel each", shapes: shapes([1, 4, 1, 1], [1, 3, 1, 1]) },
  { name: "batch 3, 13x5", shapes: shapes([3, 8, 13, 5], [3, 5, 13, 5]) },
  { name: "batch 3, 13x5, shifted", shapes: shapes([3, 7, 13, 5], [3, 10, 13, 5]) },
  { name: "one pixel of b beside 5x7", shapes: shapes([2, 8, 5, 7], [2, 6, 1, 1]), attrs: broadcast },
  { name: "one pixel of a beside 5x7", shapes: shapes([2, 4, 1, 1], [2, 3, 5, 7]), attrs: broadcast },
  { name: "one pixel of a beside 5x7, shifted", shapes: shapes([3, 6, 1, 1], [3, 7, 5, 7]), attrs: broadcast },
  { name: "one pixel of b beside one row", shapes: shapes([1, 5, 1, 9], [1, 2, 1, 1]), attrs: broadcast },
  { name: "broadcast, but of one size", shapes: shapes([2, 3, 4, 5], [2, 6, 4, 5]), attrs: broadcast },
  { name: "broadcast, both of one pixel", shapes: shapes([2, 3, 1, 1], [2, 6, 1, 1]), attrs: broadcast },
  { name: "planes in several rows and columns", shapes: shapes([2, 9, 1500, 2], [2, 12, 1500, 2]) },
  { name: "U-Net 256 + 256 @56", shapes: shapes([1, 256, 56, 56], [1, 256, 56, 56]), bench: true },
  { name: "DeepLabV3+ 256 + 48 @128", shapes: shapes([1, 256, 128, 128], [1, 48, 128, 128]), bench: true },
  { name: "HRNet 18 + 36 @120", shapes: shapes([1, 18, 120, 120], [1, 36, 120, 120]), bench: true },
  {
    name: "global context 1024 + 256 of one pixel @33",
    shapes: shapes([1, 1024, 33, 33], [1, 256, 1, 1]),
    attrs: broadcast,
    bench: true,
  },
];
