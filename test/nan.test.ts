/** NaN stays visible: where the float64 reference gives one, every variant does, behind activations and in f16 too. */
import { expect, it } from "vitest";
import { registry } from "../shaders/index.js";
import { runKernel } from "../src/gpu/run-kernel.js";
import { Tensor } from "../src/gpu/tensor.js";
import { usableVariants } from "../src/kernel/choice.js";
import { makeProblem, resolveAttrs } from "../src/kernel/kernel.js";
import type { Attrs } from "../src/kernel/problem.js";
import type { Shape } from "../src/kernel/shape.js";
import { useDevice } from "./helpers/device.js";

const device = useDevice();

const X = [1, 5, 6, 7];
const window = { padding: 1 };
const CASES: readonly (readonly [name: string, shapes: Readonly<Record<string, Shape>>, attrs: Attrs])[] = [
  ["add", { x: X, skip: X }, { relu: true }],
  ["average-pool2d", { x: X }, {}],
  ["conv2d", { x: X, weight: [6, 5, 3, 3], bias: [6] }, { ...window, relu: true }],
  ["conv2d", { x: X, weight: [6, 5, 1, 1], residual: [1, 6, 6, 7] }, { relu6: true }],
  ["conv-transpose2d", { x: X, weight: [5, 6, 4, 4] }, { stride: 2 }],
  ["conv-transpose2d", { x: X, weight: [5, 1, 4, 4] }, { stride: 2, groups: 5 }],
  ["depthwise-conv2d", { x: X, weight: [5, 1, 3, 3] }, { ...window, relu6: true }],
  ["global-average-pool", { x: X }, {}],
  ["leaky-relu", { x: X }, {}],
  ["max-pool2d", { x: X }, {}],
  ["project", { x: X, weight: [3, 5] }, {}],
  ["relu", { x: X }, {}],
  ["resize", { x: X }, { height: 9, width: 8 }],
  ["sigmoid", { x: X }, {}],
  ["softmax", { x: X }, {}],
];

it.each(CASES)("%s of %j with %j", async (name, shapes, attrs) => {
  const entry = registry.find(({ kernel }) => kernel.name === name);
  if (!entry) throw new Error(`no kernel ${name}`);
  const { kernel, reference } = entry;
  const host = Object.fromEntries(
    Object.entries(shapes).map(([key, shape]) => {
      const count = shape.reduce((product, size) => product * size, 1);
      const data = Float32Array.from({ length: count }, (_, i) => (key === "x" && i % 23 === 11 ? NaN : (i % 7) - 3));
      return [key, { shape, data }];
    }),
  );
  const isNaNAt = (values: ArrayLike<number>): boolean[] => Array.from(values, Number.isNaN);
  const { y: wanted } = reference(host, resolveAttrs(kernel, attrs));
  const expected = isNaNAt(wanted?.data ?? []);
  expect(expected).toContain(true);
  for (const variant of usableVariants(kernel, makeProblem(kernel, shapes, attrs), device())) {
    const args = Object.fromEntries(
      await Promise.all(
        Object.entries(host).map(async ([key, { shape, data }]) => {
          const isWeight = kernel.inputs[key]?.role === "weight";
          return [key, isWeight ? { shape, data } : await Tensor.from(device(), data, shape)] as const;
        }),
      ),
    );
    const { y } = await runKernel(device(), kernel, args, attrs, { variant });
    expect(isNaNAt((await y?.read()) ?? []), variant).toEqual(expected);
  }
});
