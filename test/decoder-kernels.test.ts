/** concat, crop and average-pool2d: the sentences of their shape rules, the variant of a device, and a large sum. */
import { describe, expect, it } from "vitest";
import { averagePool2d } from "../shaders/average-pool2d/kernel.js";
import { concat } from "../shaders/concat/kernel.js";
import { crop } from "../shaders/crop/kernel.js";
import { leakyRelu } from "../shaders/leaky-relu/kernel.js";
import { sigmoid } from "../shaders/sigmoid/kernel.js";
import { runKernel } from "../src/gpu/run-kernel.js";
import { Tensor } from "../src/gpu/tensor.js";
import { defaultVariant, usableVariants } from "../src/kernel/choice.js";
import { erase, makeProblem } from "../src/kernel/kernel.js";
import type { Kernel } from "../src/kernel/kernel.js";
import type { Attrs } from "../src/kernel/problem.js";
import type { Shape } from "../src/kernel/shape.js";
import type { DeviceTraits, Precision } from "../src/kernel/variant.js";
import { useDevice } from "./helpers/device.js";
import { expectError } from "./helpers/expect-error.js";

const device = useDevice();

type Shapes = Readonly<Record<string, Shape>>;

const X = [1, 4, 8, 9];
const SENTENCES: readonly (readonly [kernel: Kernel, shapes: Shapes, attrs: Attrs, sentence: string])[] = [
  [erase(concat), { a: X, b: [2, 3, 8, 9] }, {}, "concat: b [2,3,8,9] has batch 2, a [1,4,8,9] needs 1"],
  [
    erase(concat),
    { a: X, b: [1, 3, 4, 9] },
    { broadcast: true },
    "concat: a [1,4,8,9] has 8 x 9 pixels, b [1,3,4,9] has 4 x 9: resize one to the size of the other",
  ],
  [
    erase(concat),
    { a: X, b: [1, 3, 1, 1] },
    {},
    'concat: a [1,4,8,9] has 8 x 9 pixels, b [1,3,1,1] has 1 x 1: "broadcast: true" repeats the one pixel',
  ],
  [erase(crop), { x: X }, {}, "crop: size 0 needs whole numbers of at least 1"],
  [erase(crop), { x: X }, { size: 2, offset: [0, -1] }, "crop: offset [0,-1] needs whole numbers of at least 0"],
  [erase(crop), { x: X }, { size: 5, offset: 4 }, "crop: x [1,4,8,9] has 8 rows, size 5 at offset 4 needs 9"],
  [
    erase(crop),
    { x: X },
    { size: [8, 2], offset: [0, 8] },
    "crop: x [1,4,8,9] has 9 columns, size 2 at offset 8 needs 10",
  ],
  [erase(averagePool2d), { x: X }, { stride: -1 }, "average-pool2d: stride -1 needs whole numbers of at least 0"],
  [
    erase(averagePool2d),
    { x: X },
    { kernel: 3, padding: [1, 2] },
    "average-pool2d: padding 2 of the columns needs to be at most half the kernel: 1 for 3",
  ],
  [
    erase(averagePool2d),
    { x: X },
    { kernel: 9 },
    "average-pool2d: x [1,4,8,9] has 8 rows, a window of 9 with padding 0 needs at least 9",
  ],
];

it.each(SENTENCES)("$name of %j with %j says what is wrong", (kernel, shapes, attrs, sentence) =>
  expectError(() => makeProblem(kernel, shapes, attrs), "bad-shape", sentence),
);

const gpu: DeviceTraits = {
  features: new Set(),
  limits: {},
  vendor: "nvidia",
  architecture: "hopper",
  subgroupSize: 32,
  software: false,
  cores: 132,
};
const software: DeviceTraits = { ...gpu, vendor: "mesa", subgroupSize: 8, software: true };

describe("the default variant", () => {
  const ofConcat = (device: DeviceTraits, channels: number, precision?: Precision): string | undefined => {
    const shapes = { a: [1, channels, 8, 8], b: [1, 21, 8, 8] };
    return defaultVariant(erase(concat), makeProblem(erase(concat), shapes), device, precision);
  };

  it("of concat copies blocks where they do not shift, and stays in textures on software adapters", () => {
    expect([ofConcat(gpu, 64), ofConcat(gpu, 21)]).toEqual(["blocks", "naive"]);
    expect([ofConcat(gpu, 64, "f16"), ofConcat(gpu, 21, "f16")]).toEqual(["blocks-f16", "f16"]);
    expect([ofConcat(software, 64), ofConcat(software, 21)]).toEqual(["texture", "texture"]);
  });

  it.each([
    [erase(averagePool2d), {}],
    [erase(crop), { size: 3 }],
    [erase(leakyRelu), {}],
    [erase(sigmoid), {}],
  ])("of $name follows the plan's precision and the adapter, and what fits a texture", (kernel, attrs) => {
    const variantOf = (device: DeviceTraits, precision?: Precision, shape: Shape = [1, 21, 8, 8]) =>
      defaultVariant(kernel, makeProblem(kernel, { x: shape }, attrs), device, precision);
    expect([variantOf(gpu), variantOf(gpu, "f16"), variantOf(software)]).toEqual(["naive", "f16", "texture"]);
    expect(variantOf(software, "f32", [1, 3, 9000, 4]), "taller than a texture").toBe("naive");
  });
});

it("average-pool2d divides by more taps than 32 bits count", async () => {
  const x = await Tensor.from(device(), [2 ** 15], [1, 1, 1, 1]);
  const attrs = { kernel: 2 ** 16, padding: 2 ** 15 };
  const problem = makeProblem(erase(averagePool2d), { x: x.shape }, attrs);
  for (const variant of usableVariants(erase(averagePool2d), problem, device())) {
    const { y } = await runKernel(device(), averagePool2d, { x }, attrs, { variant });
    expect([variant, ...(await y.read())]).toEqual([variant, 2 ** -17]);
    y.dispose();
  }
  x.dispose();
});
