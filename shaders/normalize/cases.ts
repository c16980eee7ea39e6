import type { KernelCase } from "../../src/kernel/registry.js";

const fill: NonNullable<KernelCase["fill"]> = {
  image: (_, random) => Math.floor(random() * 256),
  mean: (i) => [0.485, 0.456, 0.406][i] as number,
  std: (i) => [0.229, 0.224, 0.225][i] as number,
};
const picture = (n: number, h: number, w: number): KernelCase["shapes"] => ({
  image: [n, 4, h, w],
  mean: [3],
  std: [3],
});

export const normalizeCases: readonly KernelCase[] = [
  { name: "one pixel", shapes: picture(1, 1, 1), fill },
  { name: "batch 2, 7x11", shapes: picture(2, 7, 11), fill },
  { name: "one pixel to 5x3", shapes: picture(1, 1, 1), attrs: { height: 5, width: 3 }, fill },
  { name: "13x17 to 29x31", shapes: picture(1, 13, 17), attrs: { height: 29, width: 31 }, fill },
  { name: "31x29 to 7x5, batch 3", shapes: picture(3, 31, 29), attrs: { height: 7, width: 5 }, fill },
  { name: "9x9 to 9x18: one axis", shapes: picture(1, 9, 9), attrs: { width: 18 }, fill },
  { name: "batch 2, 7x11 padded to 9x33", shapes: picture(2, 7, 11), attrs: { padded: [9, 33] }, fill },
  { name: "9x6 to 13x11, padded to 33", shapes: picture(1, 9, 6), attrs: { height: 13, width: 11, padded: 33 }, fill },
  { name: "long rows: 2x997 to 3x1009", shapes: picture(1, 2, 997), attrs: { height: 3, width: 1009 }, fill },
  { name: "long columns: 1013x1 to 512x2", shapes: picture(2, 1013, 1), attrs: { height: 512, width: 2 }, fill },
  { name: "40000x1, whose squares do not fit in 31 bits", shapes: picture(1, 40_000, 1), fill },
  { name: "400x600 to 384x576", shapes: picture(1, 400, 600), attrs: { height: 384, width: 576 }, fill, bench: true },
  { name: "500x375", shapes: picture(1, 375, 500), fill, bench: true },
];
