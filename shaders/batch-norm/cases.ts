import type { KernelCase } from "../../src/kernel/registry.js";

const shapes = (n: number, c: number, h: number, w: number): KernelCase["shapes"] => ({
  x: [n, c, h, w],
  weight: [c],
  bias: [c],
  running_mean: [c],
  running_var: [c],
});
const fill: NonNullable<KernelCase["fill"]> = { running_var: (_, random) => 0.1 + 2 * random() };

export const batchNormCases: readonly KernelCase[] = [
  { name: "one pixel, one channel", shapes: shapes(1, 1, 1, 1), fill },
  ...[1, 3, 4, 5, 15, 16, 17].map((c) => ({ name: `${c} channels, 7x11`, shapes: shapes(1, c, 7, 11), fill })),
  { name: "batch 3, 13x5", shapes: shapes(3, 6, 13, 5), fill },
  { name: "large eps", shapes: shapes(1, 5, 3, 7), attrs: { eps: 0.5 }, fill },
  { name: "dead channels: variance zero", shapes: shapes(1, 6, 5, 3), fill: { ...fill, running_var: (i) => i % 2 } },
  {
    name: "mean far from zero",
    shapes: shapes(1, 3, 5, 5),
    fill: { ...fill, x: (_, random) => 1000 + 8 * random(), running_mean: () => 1003.5 },
  },
  { name: "layer1 256 @56", shapes: shapes(1, 256, 56, 56), fill, bench: true },
  { name: "stem 64 @112", shapes: shapes(1, 64, 112, 112), fill, bench: true },
];
