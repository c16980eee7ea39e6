/** Which devices get the tensor core kernels: the probe, the default choice, and a variant that does not compile. */
import { describe, expect, it } from "vitest";
import { conv2d } from "../shaders/conv2d/kernel.js";
import { matrixVariants } from "../shaders/conv2d/subgroup-matrix.js";
import { MATRIX_FEATURE, matrixSupportOf } from "../src/gpu/subgroup-matrix.js";
import { defaultVariant } from "../src/kernel/choice.js";
import { erase, makeProblem } from "../src/kernel/kernel.js";
import type { DeviceTraits } from "../src/kernel/variant.js";
import { Graph } from "../src/plan/graph.js";
import { Plan } from "../src/plan/plan.js";
import { WeightStore } from "../src/plan/weight-store.js";
import { measureVariant } from "../src/tuning/tuner/measure-variant.js";
import { Tuner } from "../src/tuning/tuner/tuner.js";
import type { MeasureVariant } from "../src/tuning/tuner/tuner.js";
import { claimTensorCores } from "./helpers/claim-tensor-cores.js";
import { useDevice } from "./helpers/device.js";
import { nullDevice } from "./helpers/null-device.js";

const device = useDevice();

const configs = [{ componentType: "f16", resultComponentType: "f32", M: 16, N: 16, K: 16 }];
const hopper = { subgroupMinSize: 32, subgroupMaxSize: 32, subgroupMatrixConfigs: configs };

/** A device with the features, whose compiler refuses shaders that match. */
function refusing(refused: RegExp): GPUDevice {
  const messages = (code: string) => (refused.test(code) ? [{ type: "error", message: "unresolved identifier" }] : []);
  const fake = {
    features: new Set([MATRIX_FEATURE, "shader-f16"]),
    pushErrorScope: () => undefined,
    popErrorScope: () => Promise.resolve(null),
    createShaderModule: ({ code }: { code: string }) => ({
      getCompilationInfo: () => Promise.resolve({ messages: messages(code) }),
    }),
  };
  return fake as unknown as GPUDevice;
}

describe("the probe", () => {
  it("takes the template syntax where both compile", async () => {
    expect(await matrixSupportOf(await nullDevice(), hopper)).toEqual({
      syntax: "template",
      note: "f16 to f32 at 16x16x16, template syntax",
    });
  });

  it("takes the older syntax where only that compiles, and reports where neither does", async () => {
    expect((await matrixSupportOf(refusing(/row_major/), hopper)).syntax).toBe("bool");
    const none = await matrixSupportOf(refusing(/./), hopper);
    const reasons = "unresolved identifier; unresolved identifier";
    expect(none).toEqual({ note: `not used: neither syntax of subgroup matrices compiles here (${reasons})` });
  });

  it("says what is missing", async () => {
    const gpu = await nullDevice();
    expect(await matrixSupportOf({ features: new Set() } as unknown as GPUDevice, hopper)).toEqual({
      note: `not used: the adapter does not offer ${MATRIX_FEATURE}`,
    });
    expect((await matrixSupportOf(gpu, {})).note).toBe(
      "not used: f16 to f32 at 16x16x16 is needed, the adapter offers nothing",
    );
    const intel = { subgroupMatrixConfigs: [{ componentType: "f16", resultComponentType: "f32", M: 8, N: 16, K: 16 }] };
    expect((await matrixSupportOf(gpu, intel)).note).toBe(
      "not used: f16 to f32 at 16x16x16 is needed, the adapter offers f16 to f32 at 8x16x16",
    );
    const rdna = { ...hopper, subgroupMaxSize: 64 };
    expect((await matrixSupportOf(gpu, rdna)).note).toBe(
      "not used: subgroups of 32 lanes are needed, the adapter's have 32 to 64",
    );
  });
});

describe("the default of precision f16 on a device with tensor cores", () => {
  const gpu: DeviceTraits = {
    features: new Set(["subgroups", "shader-f16", MATRIX_FEATURE]),
    limits: { maxComputeInvocationsPerWorkgroup: 1024, maxComputeWorkgroupStorageSize: 49152 },
    vendor: "nvidia",
    architecture: "hopper",
    subgroupSize: 32,
    software: false,
    cores: 132,
    subgroupMatrix: "template",
  };

  interface Conv {
    /** Rows and columns of the map, which the padding keeps. */
    readonly side: number;
    readonly inC: number;
    readonly outC: number;
    readonly k: number;
    readonly groups?: number;
  }

  function chosen({ side, inC, outC, k, groups = 1 }: Conv, traits = gpu): string | undefined {
    const shapes = { x: [1, inC, side, side], weight: [outC, inC / groups, k, k] };
    const problem = makeProblem(erase(conv2d), shapes, { padding: (k - 1) / 2, groups });
    return defaultVariant(erase(conv2d), problem, traits, "f16");
  }

  it.each([
    [14, 1024, 256, 1, "subgroup-matrix-16x32-k8"],
    [56, 64, 64, 3, "subgroup-matrix-32x64-k4"],
    [100, 128, 128, 3, "subgroup-matrix-2x32x64-k2"],
    [224, 3, 64, 7, "subgroup-matrix-window-64x64"],
    [1, 512, 512, 1, "subgroup-matrix-window-16x64-k4"],
    [14, 36, 64, 1, "subgroup-matrix-window-16x64-k4"],
  ])("at %i pixels a side, %i to %i channels, kernel %i is %s", (side, inC, outC, k, name) => {
    expect(chosen({ side, inC, outC, k })).toBe(name);
  });

  it("gathers rows of the output that are shorter than a matrix, and loads longer ones", () => {
    const strided = (side: number): string | undefined => {
      const problem = makeProblem(
        erase(conv2d),
        { x: [1, 256, side, side], weight: [256, 256, 3, 3] },
        { padding: 1, stride: 2 },
      );
      return defaultVariant(erase(conv2d), problem, gpu, "f16");
    };
    expect(strided(28)).toMatch(/^subgroup-matrix-window/);
    expect(strided(100)).toMatch(/^subgroup-matrix-\d/);
  });

  it("is a tile in workgroup memory where a variant was refused or there are none", () => {
    const conv = { side: 14, inC: 1024, outC: 256, k: 1 };
    const refused = new Map(Object.values(matrixVariants).map((variant) => [variant as object, "why"]));
    expect(chosen(conv, { ...gpu, refused })).toBe("tiled-f16-16x32-k8");
    expect(chosen(conv, { ...gpu, subgroupMatrix: undefined })).toBe("tiled-f16-16x32-k8");
    expect(chosen({ side: 14, inC: 64, outC: 64, k: 3, groups: 2 })).toBe("naive");
  });
});

const variantNamed = (name: string): object => conv2d.variants[name] as object;

/** conv2d as on a driver that does not keep its feature's promise: the tensor core shaders do not compile anywhere. */
const broken = {
  ...conv2d,
  shaders: Object.fromEntries(
    Object.entries(conv2d.shaders).map(([name, text]) => [
      name,
      name.startsWith("subgroup-matrix") ? `${text}\nnonsense` : text,
    ]),
  ),
};

function pointwiseGraph(): Graph {
  const graph = new Graph();
  const weight = { name: "w", shape: [32, 64, 1, 1], read: () => Promise.resolve(new Float32Array(32 * 64)) };
  graph.output("y", graph.op("conv", broken, { x: graph.input("x", [1, 64, 5, 7], "nhwc4-f16"), weight }).y);
  return graph;
}

describe("a variant that does not compile", () => {
  const name = "subgroup-matrix-16x32";

  it("is set aside with its reason, and the plan takes the next", async () => {
    claimTensorCores(device());
    const graph = pointwiseGraph();
    const store = new WeightStore(device());
    const plan = await Plan.create(device(), graph, store, undefined, { precision: "f16" });
    expect(plan.steps.map(({ variantName }) => variantName)[0]).toMatch(/^tiled-f16-/);
    expect(device().refused.has(variantNamed(name))).toBe(true);
    for (const variant of device().refused.keys()) expect(Object.values(matrixVariants)).toContain(variant);
    expect(device().refused.get(variantNamed(name))).toMatch(
      /^pipeline conv2d\/subgroup-matrix-16x32 .* did not compile: /,
    );
    await expect(Plan.create(device(), graph, store, { conv2d: name })).rejects.toMatchObject({
      code: "bad-option",
      message: expect.stringContaining("did not compile") as string,
    });
    plan.dispose();
    store.dispose();
  });

  it("does not stop the tuner, which goes on with the next", async () => {
    claimTensorCores(device());
    device().refused.clear();
    Object.defineProperty(device(), "software", { value: false });
    const graph = pointwiseGraph();
    const tried: string[] = [];
    const measure: MeasureVariant = (on, measured, limit) => {
      tried.push(measured.variant);
      return measureVariant(on, measured, limit);
    };
    const pick = await new Tuner(device(), { tuneBudget: 1e6 }, { measure }).choose(graph, {}, "f16");
    expect(tried).toHaveLength(3);
    expect(tried.every((variant) => variant in matrixVariants)).toBe(true);
    expect([...device().refused.keys()]).toEqual(tried.map(variantNamed));
    expect(graph.nodes.map((node) => pick(node.kernel, node.problem))).toEqual([undefined]); // the next default
  });
});
