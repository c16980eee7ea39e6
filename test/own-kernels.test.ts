/**
 * Kernels of callers: names that are taken, text that changes, mistakes. test/package/kernel.test.ts writes one outside
 * the package.
 */
import { describe, expect, it } from "vitest";
import { convOutputSize, defineKernel, i32, layoutNamed, relu, sizeOf, u32 } from "../shaders/index.js";
import type { Extent } from "../src/kernel/variant.js";
import { Tensor, requestDevice, runKernel } from "../src/node.js";
import { useDevice } from "./helpers/device.js";
import { expectError } from "./helpers/expect-error.js";

const device = useDevice();

/** y = expression(v), for tensors of four channels. */
function elementwise(name: string, expression: string, { file = "naive", features = [] as readonly string[] } = {}) {
  return defineKernel({
    name,
    shaders: {
      naive: `@group(0) @binding(0) var<storage, read> x: array<vec4f>;
        @group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
        @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
          if (id.x >= arrayLength(&x)) { return; }
          let v = x[id.x];
          y[id.x] = ${expression};
        }`,
    },
    inputs: { x: { role: "tensor", layout: "nhwc4" } },
    outputs: { y: { role: "tensor", layout: "nhwc4" } },
    attrs: {},
    shape: ({ x }) => ({ y: x }),
    params: () => ({}),
    overrides: () => ({}),
    cost: ({ in: { x } }) => ({ flops: sizeOf(x), bytes: 8 * sizeOf(x) }),
    variants: {
      naive: { wgsl: file, features, workgroup: [64, 1, 1], threads: ({ in: { x } }) => [sizeOf(x) / 4, 1, 1] },
    },
  });
}

/** A kernel that only declares. */
function withWorkgroup(size: string, variant: { workgroup: Extent; consts?: Readonly<Record<string, number>> }) {
  return defineKernel({
    name: "mine",
    shaders: { naive: `const SIDE: u32 = 2;\n@compute @workgroup_size(${size}) fn main() {}` },
    inputs: {},
    outputs: {},
    attrs: {},
    shape: () => ({}),
    params: () => ({}),
    overrides: () => ({}),
    cost: () => ({ flops: 0, bytes: 0 }),
    variants: { naive: { wgsl: "naive", threads: () => [1, 1, 1], ...variant } },
  });
}

async function apply(kernel: ReturnType<typeof elementwise> | typeof relu): Promise<number[]> {
  const x = await Tensor.from(device(), [-1, 2, -3, 4], [1, 4, 1, 1]);
  const { y } = await runKernel(device(), kernel, { x });
  return [...(await y.read())];
}

describe("a kernel of a caller", () => {
  it("may have the name of another: each runs its own text", async () => {
    const [double, negative] = [elementwise("relu", "2 * v"), elementwise("relu", "-v")];
    expect(await apply(relu)).toEqual([0, 2, 0, 4]);
    expect(await apply(double)).toEqual([-2, 4, -6, 8]);
    expect(await apply(negative)).toEqual([1, -2, 3, -4]);
    expect(await apply(relu)).toEqual([0, 2, 0, 4]);
  });

  it("may have other bindings under a name that is taken", async () => {
    const tensor = { role: "tensor", layout: "nhwc4" } as const;
    const two = defineKernel({
      name: "relu",
      shaders: {
        naive: `
          @group(0) @binding(0) var<storage, read> x: array<vec4f>;
          @group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
          @group(0) @binding(2) var<storage, read_write> z: array<vec4f>;
          @group(0) @binding(3) var<uniform> step: u32;
          @compute @workgroup_size(1) fn main() { y[0] = x[0]; z[0] = x[0] + f32(step); }`,
      },
      inputs: { x: tensor },
      outputs: { y: tensor, z: tensor },
      attrs: {},
      shape: ({ x }) => ({ y: x, z: x }),
      params: () => ({ step: u32(3) }),
      overrides: () => ({}),
      cost: () => ({ flops: 4, bytes: 48 }),
      variants: { naive: { wgsl: "naive", workgroup: [1, 1, 1], threads: () => [1, 1, 1] } },
    });
    const x = await Tensor.from(device(), [1, 2, 3, 4], [1, 4, 1, 1]);
    const { y, z } = await runKernel(device(), two, { x });
    expect([[...(await y.read())], [...(await z.read())]]).toEqual([
      [1, 2, 3, 4],
      [4, 5, 6, 7],
    ]);
  });

  it("whose text does not compile reports where, and runs once it is corrected", async () => {
    await expect(apply(elementwise("mine", "v + w"))).rejects.toMatchObject({
      code: "gpu-error",
      message: expect.stringMatching(/^pipeline mine\/naive did not compile: [\s\S]*unresolved value 'w'/) as string,
    });
    expect(await apply(elementwise("mine", "v + 1"))).toEqual([0, 3, -2, 5]);
  });

  it.each([
    ["64", { workgroup: [32, 1, 1] }, "32 x 1 x 1", "64, 1, 1"],
    ["8, 8", { workgroup: [64, 1, 1] }, "64 x 1 x 1", "8, 8, 1"],
    ["SIDE, 4u,", { workgroup: [4, 4, 1] }, "4 x 4 x 1", "2, 4, 1"],
    ["SIDE, SIDE", { workgroup: [2, 2, 1], consts: { SIDE: 8 } }, "2 x 2 x 1", "8, 8, 1"],
  ] as const)("has the workgroup of its shader: @workgroup_size(%s)", (size, variant, declared, found) => {
    expect(() => withWorkgroup(size, variant)).toThrow(
      `mine/naive: its workgroup is ${declared}, and its shader "naive" has @workgroup_size(${found}); make them equal`,
    );
  });

  it.each([
    ["64", { workgroup: [64, 1, 1] }],
    ["SIDE, SIDE", { workgroup: [2, 2, 1] }],
    ["SIDE, 1, 4", { workgroup: [8, 1, 4], consts: { SIDE: 8 } }],
    ["2 * SIDE", { workgroup: [4, 1, 1] }], // not a number in the text
  ] as const)("is taken with @workgroup_size(%s)", (size, variant) => {
    expect(withWorkgroup(size, variant).name).toBe("mine");
  });

  it("that needs a missing feature names it", async () => {
    await expect(apply(elementwise("picky", "v", { features: ["no-such-feature"] }))).rejects.toMatchObject({
      code: "limit-too-small",
      message:
        "picky: none of its variants runs here for [1,4,1,1] (features: no-such-feature); " +
        "make it smaller, or use another adapter",
    });
  });

  it("that does not compile leaves the library's kernel of that name alone", async () => {
    const broken = elementwise("relu", "v + w", { features: [...device().features].slice(0, 1) });
    await expect(apply(broken)).rejects.toMatchObject({ code: "gpu-error" });
    expect([...device().refused.keys()]).toEqual([broken.variants.naive]);
    expect(await apply(relu)).toEqual([0, 2, 0, 4]);
    device().refused.clear();
  });

  it("refuses a tensor of another device", async () => {
    const other = await requestDevice();
    const x = await Tensor.from(other, [1, 2, 3, 4], [1, 4, 1, 1]);
    await expect(runKernel(device(), relu, { x })).rejects.toMatchObject({
      code: "bad-shape",
      message: expect.stringMatching(/^relu: input x is on another device/) as string,
    });
    other.dispose();
  });

  it("whose uniforms their types cannot hold are refused: memory would hold other numbers", async () => {
    const params = { count: u32(4) };
    const one = elementwise("counted", "v");
    const kernel = defineKernel({ ...one, params: () => params });
    const naive = {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: (): Extent => [1, 1, 1],
      params: () => params,
    } as const;
    const ofVariant = defineKernel({ ...one, variants: { naive } });
    for (const [count, type, range] of [
      [u32(2 ** 32 + 4), "u32", "0 to 4294967295"],
      [u32(-1), "u32", "0 to 4294967295"],
      [u32(1.5), "u32", "0 to 4294967295"],
      [i32(2 ** 31), "i32", "-2147483648 to 2147483647"],
    ] as const) {
      params.count = count;
      const sentence = `counted: uniform count is ${count.value}, and ${type} holds whole numbers from ${range}`;
      for (const wrong of [kernel, ofVariant]) await expectError(() => apply(wrong), "bad-shape", sentence);
    }
  });

  it("that names a missing shader lists the shaders it has", async () => {
    await expect(apply(elementwise("lost", "v", { file: "fast" }))).rejects.toMatchObject({
      code: "bad-option",
      message: 'lost/naive: there is no shader "fast" among naive; give its text in `shaders`',
    });
  });
});

it("what kernels are made with refuses arguments of other types", async () => {
  for (const wrong of [null, 5]) {
    await expectError(() => layoutNamed(wrong as never), "bad-option", /^layoutNamed: name must be a string, got /);
    await expectError(() => sizeOf(wrong as never), "bad-option", /^sizeOf: shape must be an array, got /);
    await expectError(() => convOutputSize(5, wrong as never), "bad-option", /^convOutputSize takes an object /);
  }
  const unknown = /^layoutNamed: name "nhwc5\+1" is not one of nhwc4, /;
  await expectError(() => layoutNamed("nhwc5+1" as never), "bad-option", unknown);
  expect(layoutNamed("nhwc4+1").byteSize([1, 1, 1, 1])).toBe(144);
});
