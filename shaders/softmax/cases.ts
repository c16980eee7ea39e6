import type { KernelCase } from "../../src/kernel/registry.js";

type Fill = NonNullable<KernelCase["fill"]>;
const logits: Fill = { x: (_, random) => random() * 30 - 15 };
/** exp() of these overflows or underflows unless the maximum is taken out first. */
const huge: Fill = { x: (_, random) => random() * 20 + 1000 };
const tiny: Fill = { x: (_, random) => random() * 20 - 10000 };
/** Every third logit rules its class out; in some pixel that is channel 0. */
const masked: Fill = { x: (i, random) => (i % 3 === 0 ? -Infinity : random() * 4) };

export const softmaxCases: readonly KernelCase[] = [
  { name: "one pixel, one class", shapes: { x: [1, 1, 1, 1] } },
  ...[1, 3, 4, 5, 15, 16, 17].map((c) => ({ name: `${c} classes, 7x11`, shapes: { x: [1, c, 7, 11] }, fill: logits })),
  { name: "21 classes, batch 3, 13x5", shapes: { x: [3, 21, 13, 5] }, fill: logits },
  { name: "logits near 1000", shapes: { x: [1, 6, 5, 3] }, fill: huge },
  { name: "logits near -10000: zero in a padded lane is no logit", shapes: { x: [2, 5, 3, 3] }, fill: tiny },
  { name: "-Infinity is probability 0", shapes: { x: [1, 5, 2, 2] }, fill: masked },
  { name: "all equal", shapes: { x: [1, 7, 3, 2] }, fill: { x: () => 2.5 } },
  { name: "21 classes @500x375", shapes: { x: [1, 21, 375, 500] }, fill: logits, bench: true },
];
