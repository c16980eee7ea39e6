import type { KernelCase } from "../../src/kernel/registry.js";

type Fill = NonNullable<KernelCase["fill"]>[string];
type Sizes = readonly [n: number, classes: number, h: number, w: number];
type Problem = Omit<KernelCase, "name">;

/** Pixels and geometry of an upsampling. */
interface Upsampling {
  readonly pixels: readonly [height: number, width: number];
  readonly stride: number;
  readonly isAligned: boolean;
  readonly crop?: readonly [number, number];
}

const scores: Fill = (_, random) => random() * 12 - 6;
const positive: Fill = (_, random) => random() + 0.1;
const scale: Fill = () => 0.37;
/** Labels of the classes; a tenth is 255. */
const labels =
  (classes: number): Fill =>
  (_, random) =>
    random() < 0.1 ? 255 : Math.floor(random() * classes);

/** Kernel 2 s - 1 and padding s - 1, or kernel 2 s and padding s / 2. */
function attrsOf({ pixels: [height, width], stride, isAligned, crop = [0, 0] }: Upsampling) {
  const kernel = isAligned ? 2 * stride - 1 : 2 * stride;
  const padding = isAligned ? stride - 1 : Math.floor(stride / 2);
  return { kernel, stride, padding, crop_offset: crop, height, width };
}

function labelled(sizes: Sizes, upsampling: Upsampling, fill: KernelCase["fill"] = {}): Problem {
  const [n, c] = sizes;
  return {
    shapes: { scores: sizes, labels: [n, 1, ...upsampling.pixels], scale: [1, 1, 1, 1] },
    attrs: attrsOf(upsampling),
    fill: { scores, labels: labels(c), scale, ...fill },
  };
}

function probable(sizes: Sizes, upsampling: Upsampling): Problem {
  const [n, c] = sizes;
  return {
    shapes: { scores: sizes, targets: [n, c, ...upsampling.pixels], scale: [1, 1, 1, 1] },
    attrs: attrsOf(upsampling),
    fill: { scores, targets: positive, scale },
  };
}

function weighted(test: Problem): Problem {
  const classes = test.shapes["scores"]?.[1] as number;
  const shapes = { ...test.shapes, class_weights: [1, classes, 1, 1] };
  return { ...test, shapes, fill: { ...test.fill, class_weights: positive } };
}

const ignoring = (test: Problem, ignore: number): Problem => ({ ...test, attrs: { ...test.attrs, ignore } });

const aligned = (height: number, width: number, stride: number): Upsampling => ({
  pixels: [height, width],
  stride,
  isAligned: true,
});
const between = (
  height: number,
  width: number,
  stride: number,
  crop: readonly [number, number] = [0, 0],
): Upsampling => ({
  pixels: [height, width],
  stride,
  isAligned: false,
  crop,
});

export const upsampleCrossEntropyCases: readonly KernelCase[] = [
  { name: "one pixel, one class", ...labelled([1, 1, 1, 1], aligned(1, 1, 8), { labels: () => 0 }) },
  { name: "stride 1: no upsampling", ...labelled([1, 3, 4, 5], aligned(4, 5, 1)) },
  ...[2, 3, 4, 5, 15, 16, 17, 21, 32].flatMap((c) => [
    { name: `${c} classes, x2 aligned`, ...labelled([1, c, 4, 6], aligned(7, 11, 2)) },
    { name: `${c} classes, x4, targets`, ...probable([1, c, 3, 4], between(11, 13, 4)) },
  ]),
  { name: "x8 aligned, cut", ...labelled([2, 6, 4, 5], aligned(23, 29, 8)) },
  { name: "x8, cut", ...labelled([2, 6, 4, 5], between(30, 37, 8)) },
  { name: "x8, cropped at the top left", ...labelled([1, 5, 5, 6], between(21, 30, 8, [9, 4])) },
  { name: "x8, edges beyond the nodes", ...labelled([1, 5, 3, 3], between(24, 24, 8)) },
  { name: "x32 aligned, batch 3, weights", ...weighted(labelled([3, 4, 2, 3], aligned(33, 61, 32))) },
  { name: "x32, targets and weights", ...weighted(probable([1, 3, 2, 2], between(50, 47, 32))) },
  { name: "150 classes, more than fit in registers", ...labelled([1, 150, 3, 3], aligned(5, 5, 2)) },
  { name: "150 classes, targets and weights", ...weighted(probable([1, 150, 2, 3], between(4, 6, 2))) },
  { name: "odd stride", ...labelled([1, 3, 3, 4], between(8, 11, 3)) },
  { name: "label 2 ignored", ...ignoring(labelled([1, 5, 3, 3], aligned(9, 9, 4)), 2) },
  { name: "labels that are no class are ignored", ...labelled([1, 5, 3, 3], aligned(9, 9, 4), { labels: labels(9) }) },
  { name: "nothing but ignored pixels", ...labelled([1, 5, 3, 3], aligned(9, 9, 4), { labels: () => 255 }) },
  { name: "21 classes 384x512 from 49x65", ...labelled([1, 21, 49, 65], aligned(384, 512, 8)), bench: true },
  { name: "21 classes 4 x 384x512 from 49x65", ...labelled([4, 21, 49, 65], aligned(384, 512, 8)), bench: true },
  { name: "21 classes 512x512 from 16x16", ...labelled([1, 21, 16, 16], between(512, 512, 32)), bench: true },
];
