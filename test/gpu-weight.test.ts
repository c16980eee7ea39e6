/** Weights that stay on the GPU between kernel calls. */
import { describe, expect, it } from "vitest";
import { conv2d, relu } from "../shaders/index.js";
import { usableVariants } from "../src/kernel/choice.js";
import { erase, makeProblem } from "../src/kernel/kernel.js";
import { GpuWeight, Tensor, requestDevice, runKernel } from "../src/node.js";
import { useDevice } from "./helpers/device.js";
import { expectError } from "./helpers/expect-error.js";
import { watchMemory } from "./helpers/live-memory.js";

const device = useDevice();
const sequence = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => Math.sin(i));
const SHAPE = [8, 5, 3, 3];
const WEIGHT = { shape: SHAPE, data: sequence(8 * 5 * 3 * 3) };
const BIAS = { shape: [8], data: sequence(8) };
const input = (): Promise<Tensor> => Tensor.from(device(), sequence(5 * 7 * 9), [1, 5, 7, 9]);

/** Whether this adapter offers a variant of conv2d for the input. */
function canRun(variant: string): boolean {
  const shapes = { x: [1, 5, 7, 9], weight: SHAPE };
  return usableVariants(erase(conv2d), makeProblem(erase(conv2d), shapes), device()).includes(variant);
}

describe("a weight on the GPU", () => {
  it("gives what the same values from memory give, with every variant of its kernel", async () => {
    const x = await input();
    const [weight, bias] = [GpuWeight.from(device(), WEIGHT), GpuWeight.from(device(), BIAS)];
    const attrs = { padding: 1, relu: true } as const;
    for (const variant of Object.keys(conv2d.variants)) {
      if (!canRun(variant)) continue;
      const fromMemory = await runKernel(device(), conv2d, { x, weight: WEIGHT, bias: BIAS }, attrs, { variant });
      const resident = await runKernel(device(), conv2d, { x, weight, bias }, attrs, { variant });
      expect(await resident.y.read()).toEqual(await fromMemory.y.read());
    }
    weight.dispose();
    bias.dispose();
  });

  it("is uploaded once for each order that shaders read, and freed with dispose()", async () => {
    const x = await input();
    const live = watchMemory(device());
    const weight = GpuWeight.from(device(), WEIGHT);
    expect(weight.bytes).toBe(0);
    const outputs: Tensor[] = [];
    for (const variant of ["naive", "naive", "vec4", "vec4"])
      outputs.push((await runKernel(device(), conv2d, { x, weight }, {}, { variant })).y);
    const copies = live.bytes - outputs.reduce((sum, { memory }) => sum + memory.size, 0);
    expect(copies).toBe(weight.bytes);
    expect(weight.copies).toBe(2);
    weight.dispose();
    weight.dispose();
    for (const y of outputs) y.dispose();
    expect(live.bytes).toBe(0);
    live.stop();
    await expectError(
      () => runKernel(device(), conv2d, { x, weight }),
      "disposed",
      "conv2d: weight was disposed; make it again",
    );
    x.dispose();
  });

  it("is for inputs that are weights, and for its own device", async () => {
    const weight = GpuWeight.from(device(), WEIGHT);
    await expectError(
      () => runKernel(device(), relu, { x: weight as never }),
      "bad-shape",
      "relu: input x is a tensor: pass one made by Tensor.from, not a weight",
    );
    const other = await requestDevice();
    await expectError(
      async () => runKernel(other, conv2d, { x: await Tensor.from(other, sequence(315), [1, 5, 7, 9]), weight }),
      "bad-shape",
      "conv2d: input weight is on another device; make it with GpuWeight.from on the kernel's device",
    );
    other.dispose();
    expect(() => GpuWeight.from(device(), { shape: SHAPE, data: sequence(3) })).toThrow(
      "weight [8,5,3,3] needs 360 values, got 3",
    );
    for (const wrong of [undefined, 3, { shape: SHAPE }, { shape: "x", data: sequence(3) }])
      await expectError(async () => GpuWeight.from(device(), wrong as never), "bad-shape", /^GpuWeight.from needs /);
  });
});

describe("a weight of the host", () => {
  it("is the one at the call, and another type is refused", async () => {
    const x = await Tensor.from(device(), [2], [1, 1, 1, 1]);
    const data = Float32Array.of(3);
    const shape = [1, 1, 1, 1];
    const running = runKernel(device(), conv2d, { x, weight: { shape, data } });
    data.fill(5);
    shape.fill(2);
    expect(Array.from(await (await running).y.read())).toEqual([6]);
    shape.fill(1);
    for (const wrong of [5, {}, { shape }, { shape, data: null }, { shape: "1111", data }, { shape, data: [1n] }]) {
      const sentence = "conv2d: input weight needs { shape, data }: an array of numbers and a Float32Array";
      await expectError(() => runKernel(device(), conv2d, { x, weight: wrong as never }), "bad-shape", sentence);
    }
    x.dispose();
  });

  it("goes with attributes, and stays on the GPU, as they are at the call", async () => {
    const x = await Tensor.from(device(), [1, 2, 3, 4], [1, 1, 2, 2]);
    const ofWeight = [1, 1, 1, 1];
    const weight = GpuWeight.from(device(), { shape: ofWeight, data: Float32Array.of(3) });
    ofWeight.fill(2);
    const stride: [number, number] = [1, 2];
    const running = runKernel(device(), conv2d, { x, weight }, { stride });
    stride.fill(2);
    expect(Array.from(await (await running).y.read())).toEqual([3, 9]);
  });

  it("goes with attributes of the right types", async () => {
    const x = await Tensor.from(device(), [2], [1, 1, 1, 1]);
    const weight = { shape: [1, 1, 1, 1], data: Float32Array.of(3) };
    for (const [stride, got] of [
      [null, "null"],
      [1n, "bigint"],
      [NaN, "NaN"],
      ["2", '"2"'],
      [[1, 2, 3], "1,2,3"],
    ]) {
      const sentence = `conv2d: attribute stride needs a number, got ${got as string}`;
      const call = () => runKernel(device(), conv2d, { x, weight }, { stride: stride as never });
      await expect(call()).rejects.toMatchObject({ code: "bad-shape", message: sentence });
    }
    x.dispose();
  });
});
