import type { KernelCase } from "../../src/kernel/registry.js";

type Fill = NonNullable<KernelCase["fill"]>[string];
type Sizes = readonly [n: number, classes: number, h: number, w: number];

const logits: Fill = (_, random) => random() * 12 - 6;
const positive: Fill = (_, random) => random() + 0.1;
const scale: Fill = () => 0.37;
/** Labels of the classes; a tenth is 255. */
const labels =
  (classes: number): Fill =>
  (_, random) =>
    random() < 0.1 ? 255 : Math.floor(random() * classes);

function labelled([n, c, h, w]: Sizes, fill: KernelCase["fill"] = {}): Omit<KernelCase, "name"> {
  return {
    shapes: { logits: [n, c, h, w], labels: [n, 1, h, w], scale: [1, 1, 1, 1] },
    fill: { logits, labels: labels(c), scale, ...fill },
  };
}

function probable([n, c, h, w]: Sizes, fill: KernelCase["fill"] = {}): Omit<KernelCase, "name"> {
  return {
    shapes: { logits: [n, c, h, w], targets: [n, c, h, w], scale: [1, 1, 1, 1] },
    fill: { logits, targets: positive, scale, ...fill },
  };
}

function weighted(test: Omit<KernelCase, "name">): Omit<KernelCase, "name"> {
  const classes = test.shapes["logits"]?.[1] as number;
  const shapes = { ...test.shapes, class_weights: [1, classes, 1, 1] };
  return { ...test, shapes, fill: { ...test.fill, class_weights: positive } };
}

const huge: Fill = (_, random) => (random() < 0.5 ? 1e4 : -1e4);
/** Rules some classes out, but no class 0, which is every label. */
const masked: Fill = (i, random) => (i % 15 >= 3 && random() < 0.4 ? -Infinity : random());

export const softmaxCrossEntropyCases: readonly KernelCase[] = [
  { name: "one pixel, one class", ...labelled([1, 1, 1, 1], { labels: () => 0 }) },
  { name: "one pixel, one class, targets", ...probable([1, 1, 1, 1]) },
  ...[1, 3, 4, 5, 15, 16, 17, 21, 32].flatMap((c) => [
    { name: `${c} classes, 7x11`, ...labelled([1, c, 7, 11]) },
    { name: `${c} classes, 7x11, targets`, ...probable([1, c, 7, 11]) },
  ]),
  { name: "150 classes, more than fit in registers", ...labelled([1, 150, 5, 7]) },
  { name: "150 classes, targets and weights", ...weighted(probable([1, 150, 5, 7])) },
  { name: "21 classes, batch 3, 13x15, weights", ...weighted(labelled([3, 21, 13, 15])) },
  { name: "6 classes, batch 3, 13x15, targets and weights", ...weighted(probable([3, 6, 13, 15])) },
  { name: "256 pixels, one workgroup", ...labelled([1, 2, 16, 16]) },
  { name: "257 pixels, a second workgroup of one pixel", ...labelled([1, 2, 1, 257]) },
  { name: "five workgroups", ...labelled([1, 3, 37, 31]) },
  { name: "label 2 ignored", ...labelled([1, 5, 9, 7]), attrs: { ignore: 2 } },
  { name: "labels that are no class are ignored", ...labelled([2, 5, 9, 7], { labels: labels(9) }) },
  { name: "nothing but ignored pixels", ...labelled([1, 5, 3, 5], { labels: () => 255 }) },
  { name: "an ignored pixel of NaN", ...labelled([1, 3, 1, 1], { logits: () => NaN, labels: () => 255 }) },
  { name: "logits of 10000 and -10000", ...labelled([1, 5, 5, 5], { logits: huge }) },
  { name: "logits of 10000 and -10000, targets", ...probable([1, 5, 5, 5], { logits: huge }) },
  {
    name: "classes ruled out by -Infinity",
    ...labelled([1, 5, 1, 3], { logits: masked, labels: () => 0 }),
  },
  { name: "21 classes @512", ...labelled([1, 21, 512, 512]), bench: true },
  { name: "21 classes 8 @224", ...labelled([8, 21, 224, 224]), bench: true },
  { name: "21 classes @512, targets", ...probable([1, 21, 512, 512]), bench: true },
];
