/**
 * The tensor core kernels without tensor cores: Dawn's null backend, which offers every feature and runs nothing, checks their
 * text; an emulation of the matrices, put in the place of the built-in functions, checks what they compute.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { create } from "webgpu";
import { MATRIX } from "../bench/ceilings.js";
import { compact } from "../scripts/compact-wgsl.mjs";
import { conv2dCases } from "../shaders/conv2d/cases.js";
import { conv2d } from "../shaders/conv2d/kernel.js";
import { conv2dReference } from "../shaders/conv2d/reference.js";
import { MATRIX_CONFIGS, workgroupBytes } from "../shaders/conv2d/subgroup-matrix.js";
import { MATRIX_FEATURE, probeSubgroupMatrix } from "../src/gpu/subgroup-matrix.js";
import { withConsts, withOlderMatrices } from "../src/gpu/wgsl-edit.js";
import { defaultVariant, usableVariants } from "../src/kernel/choice.js";
import { erase, makeProblem } from "../src/kernel/kernel.js";
import { layouts } from "../src/kernel/layout.js";
import type { HostArray } from "../src/kernel/layout.js";
import { register } from "../src/kernel/registry.js";
import { elements } from "../src/kernel/shape.js";
import type { DeviceTraits } from "../src/kernel/variant.js";
import { Graph } from "../src/plan/graph.js";
import { Plan } from "../src/plan/plan.js";
import { WeightStore } from "../src/plan/weight-store.js";
import { measureVariant } from "../src/tuning/measure-variant.js";
import { Tuner } from "../src/tuning/tuner.js";
import type { MeasureVariant } from "../src/tuning/tuner.js";
import { useDevice } from "./helpers/device.js";
import { emulated } from "./helpers/emulate-subgroup-matrix.js";
import { largestDifference } from "./helpers/reference-maps.js";
import { verify } from "./helpers/verify-kernel.js";

const device = useDevice();
const kernel = erase(conv2d);
/** conv2d with the matrices emulated. */
const emulatedConv = {
  ...conv2d,
  shaders: Object.fromEntries(
    Object.entries(conv2d.shaders).map(([name, text]) => [
      name,
      name.startsWith("subgroup-matrix") ? emulated(text) : text,
    ]),
  ),
};
const text = (name: string): string => readFileSync(new URL(`../shaders/conv2d/${name}.wgsl`, import.meta.url), "utf8");
const configs = [{ componentType: "f16", resultComponentType: "f32", M: 16, N: 16, K: 16 }];
const hopper = { subgroupMinSize: 32, subgroupMaxSize: 32, subgroupMatrixConfigs: configs };
const instances: GPU[] = []; // Dawn dies with these objects

async function nullDevice(): Promise<GPUDevice> {
  const gpu = create(["backend=null", "enable-dawn-features=allow_unsafe_apis"]);
  instances.push(gpu);
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error("Dawn has no null backend");
  return adapter.requestDevice({ requiredFeatures: [MATRIX_FEATURE, "shader-f16", "subgroups"] as GPUFeatureName[] });
}

describe("the shaders", () => {
  it.each(Object.keys(MATRIX_CONFIGS))("of %s are valid in both syntaxes", async (name) => {
    const { wgsl, consts } = kernel.variants[name] ?? { wgsl: "" };
    const gpu = await nullDevice();
    const template = withConsts(text(wgsl), consts, wgsl);
    const older = withOlderMatrices(template);
    expect(older).not.toContain("row_major");
    for (const code of [template, older, withOlderMatrices(compact(template))]) {
      const module = gpu.createShaderModule({ code });
      const { messages } = await module.getCompilationInfo();
      expect(
        messages.filter(({ message }) => message !== "use of deprecated builtin").map(({ message }) => message),
      ).toEqual([]);
    }
  });

  it("that measures the ceiling is valid in both syntaxes", async () => {
    const gpu = await nullDevice();
    for (const code of [MATRIX, withOlderMatrices(MATRIX)]) {
      const { messages } = await gpu.createShaderModule({ code }).getCompilationInfo();
      expect(
        messages.filter(({ message }) => message !== "use of deprecated builtin").map(({ message }) => message),
      ).toEqual([]);
    }
  });

  it("differ between the syntaxes in how they load and store, and nowhere else", () => {
    const load =
      "      left[i] = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>, row_major>(&x, pixel * pitch + k * 16, pitch);\n";
    const store = "subgroupMatrixStore<row_major>(&sums, subgroup * 16 * PITCH + j * 16, sum[i * SN + j], PITCH);\n";
    const olderLoad =
      "      left[i] = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>>(&x, pixel * pitch + k * 16, false, pitch);\n";
    const olderStore = "subgroupMatrixStore(&sums, subgroup * 16 * PITCH + j * 16, sum[i * SN + j], false, PITCH);\n";
    expect(text("subgroup-matrix")).toContain(load);
    expect(withOlderMatrices(load + store)).toBe(olderLoad + olderStore);
    expect(withOlderMatrices(text("tiled"))).toBe(text("tiled"));
  });

  it.each(Object.entries(MATRIX_CONFIGS))(
    "%s divides its work evenly and fits the workgroup memory it asks for",
    (_, config) => {
      const { window, sm, sn, gm, gn, kg, bk = 0 } = config;
      expect(workgroupBytes(config)).toBeLessThanOrEqual(32768);
      if (window)
        expect([((gm * sm * 16 * bk) / 4) % (gm * gn * 32), (gm * gn * 32) % (bk / 4), 64 % bk]).toEqual([0, 0, 0]);
      expect((4 * sn * 16) % (kg * 32) === 0 || kg * 32 > 4 * sn * 16).toBe(true);
    },
  );
});

describe("the probe", () => {
  it("takes the template syntax where both compile", async () => {
    expect(await probeSubgroupMatrix(await nullDevice(), hopper)).toEqual({
      syntax: "template",
      note: "f16 to f32 at 16x16x16, template syntax",
    });
  });

  it("takes the older syntax where only that compiles, and says so where neither does", async () => {
    const device = (refused: RegExp): GPUDevice => {
      const messages = (code: string) =>
        refused.test(code) ? [{ type: "error", message: "unresolved identifier" }] : [];
      const fake = {
        features: new Set([MATRIX_FEATURE, "shader-f16"]),
        pushErrorScope: () => undefined,
        popErrorScope: () => Promise.resolve(null),
        createShaderModule: ({ code }: { code: string }) => ({
          getCompilationInfo: () => Promise.resolve({ messages: messages(code) }),
        }),
      };
      return fake as unknown as GPUDevice;
    };
    expect((await probeSubgroupMatrix(device(/row_major/), hopper)).syntax).toBe("bool");
    const none = await probeSubgroupMatrix(device(/./), hopper);
    expect(none).toEqual({
      note: "not used: neither syntax of subgroup matrices compiles here (unresolved identifier; unresolved identifier)",
    });
  });

  it("says what is missing", async () => {
    const gpu = await nullDevice();
    expect(await probeSubgroupMatrix({ features: new Set() } as unknown as GPUDevice, hopper)).toEqual({
      note: `not used: the adapter does not offer ${MATRIX_FEATURE}`,
    });
    expect((await probeSubgroupMatrix(gpu, {})).note).toBe(
      "not used: f16 to f32 at 16x16x16 is needed, the adapter offers nothing",
    );
    const intel = { subgroupMatrixConfigs: [{ componentType: "f16", resultComponentType: "f32", M: 8, N: 16, K: 16 }] };
    expect((await probeSubgroupMatrix(gpu, intel)).note).toBe(
      "not used: f16 to f32 at 16x16x16 is needed, the adapter offers f16 to f32 at 8x16x16",
    );
    const rdna = { ...hopper, subgroupMaxSize: 64 };
    expect((await probeSubgroupMatrix(gpu, rdna)).note).toBe(
      "not used: subgroups of 32 lanes are needed, the adapter's have 32 to 64",
    );
  });
});

describe("the default of precision f16 on a device with tensor cores", () => {
  const limits = { maxComputeInvocationsPerWorkgroup: 1024, maxComputeWorkgroupStorageSize: 49152 };
  const features = new Set(["subgroups", "shader-f16", MATRIX_FEATURE]);
  const gpu: DeviceTraits = {
    features,
    limits,
    vendor: "nvidia",
    architecture: "hopper",
    subgroupSize: 32,
    software: false,
    subgroupMatrix: "template",
  };
  const chosen = (side: number, inC: number, outC: number, k: number, traits = gpu, groups = 1) =>
    defaultVariant(
      kernel,
      makeProblem(
        kernel,
        { x: [1, inC, side, side], weight: [outC, inC / groups, k, k] },
        { padding: (k - 1) / 2, groups },
      ),
      traits,
      "f16",
    );

  it.each([
    [14, 1024, 256, 1, "subgroup-matrix-16x32-k4"],
    [14, 256, 1024, 1, "subgroup-matrix-16x32"],
    [14, 256, 256, 3, "subgroup-matrix-window-16x64-k4"],
    [56, 64, 64, 3, "subgroup-matrix-window-16x64-k4"],
    [100, 128, 512, 1, "subgroup-matrix-128x128"],
    [100, 128, 128, 3, "subgroup-matrix-window-64x64"],
    [224, 3, 64, 7, "subgroup-matrix-window-64x64"],
    [1, 512, 512, 1, "subgroup-matrix-window-16x64-k4"],
    [14, 36, 64, 1, "subgroup-matrix-window-16x64-k4"],
  ])("at %i pixels a side, %i to %i channels, kernel %i is %s", (side, inC, outC, k, name) => {
    expect(chosen(side, inC, outC, k)).toBe(name);
  });

  it("is a tile in workgroup memory where a variant was refused or there are none", () => {
    expect(
      chosen(14, 1024, 256, 1, {
        ...gpu,
        refused: new Map([[conv2d.variants["subgroup-matrix-16x32-k4"] as object, "why"]]),
      }),
    ).toBe("tiled-f16-32x32-k4");
    expect(chosen(14, 1024, 256, 1, { ...gpu, subgroupMatrix: undefined })).toBe("tiled-f16-32x32-k4");
    expect(chosen(14, 64, 64, 3, gpu, 2)).toBe("naive");
  });
});

describe("a variant that does not compile", () => {
  it("is set aside with its reason, and the plan takes the next", async () => {
    // Not emulated: this adapter does not know the built-in functions, as a driver may not know what its own feature promises.
    const features = new Set([...device().features, MATRIX_FEATURE]);
    Object.defineProperties(device(), {
      features: { value: features },
      subgroupMatrix: { value: "template", writable: true },
    });
    const graph = new Graph();
    const weight = { name: "w", shape: [32, 64, 1, 1], read: () => Promise.resolve(new Float32Array(32 * 64)) };
    graph.output("y", graph.op("conv", conv2d, { x: graph.input("x", [1, 64, 5, 7], "nhwc4-f16"), weight }).y);
    const store = new WeightStore(device());
    const plan = await Plan.create(device(), graph, store, undefined, { precision: "f16" });
    expect(plan.steps.map(({ variantName }) => variantName)).toEqual(["tiled-f16-32x32"]);
    const name = "subgroup-matrix-16x32";
    expect([...device().refused.keys()]).toEqual([conv2d.variants[name]]);
    const [reason] = device().refused.values();
    expect(reason).toMatch(/^pipeline conv2d\/subgroup-matrix-16x32 .* did not compile: /);
    await expect(Plan.create(device(), graph, store, { conv2d: name })).rejects.toMatchObject({
      code: "bad-option",
      message: expect.stringContaining("did not compile") as string,
    });
    plan.dispose();
    store.dispose();

    // Nor does it stop the tuner, which tries every rival.
    device().refused.clear();
    Object.defineProperty(device(), "software", { value: false, writable: true });
    const tried: string[] = [];
    const measure: MeasureVariant = (on, conv, problem, variant, limit) => {
      tried.push(variant);
      return variant in MATRIX_CONFIGS ? measureVariant(on, conv, problem, variant, limit) : Promise.resolve(1);
    };
    const pick = await new Tuner(device(), undefined, measure).choose(graph, {}, "f16");
    expect(tried).toContain("subgroup-matrix-16x32");
    expect(graph.nodes.map((node) => pick(node.kernel, node.problem))).toEqual(["tiled-f16-64x64"]);
    device().refused.clear();
    Object.assign(device(), { subgroupMatrix: "template", software: true });
  });
});

describe("emulated", () => {
  const entry = register(emulatedConv, conv2dReference, conv2dCases);
  const covered = new Set<string>();

  it.each(conv2dCases.filter(({ bench }) => !bench))("$name", async (test) => {
    const usable = usableVariants(kernel, makeProblem(kernel, test.shapes, test.attrs), device()).filter(
      (name) => name in MATRIX_CONFIGS,
    );
    for (const name of usable) {
      await verify(device(), entry, name, test);
      covered.add(name);
    }
  });

  it("runs the convolutions of a bottleneck one after the other, within f16 of the tiles in workgroup memory", async () => {
    const random = (name: string, shape: readonly number[]) => ({
      name,
      shape,
      read: () => Promise.resolve(new Float32Array(elements(shape)).map((_, i) => Math.sin(i * 12.9898) / 8)),
    });
    const shape = [2, 64, 9, 7] as const;
    const input = new Uint8Array(
      layouts["nhwc4-f16"].pack(
        new Float32Array(2 * 64 * 63).map((_, i) => Math.cos(i)),
        shape,
      ),
    );
    const run = async (names?: Record<string, string>): Promise<{ values: HostArray; used: string[] }> => {
      const graph = new Graph();
      const x = graph.input("x", shape, "nhwc4-f16");
      const reduced = graph.op("reduce", emulatedConv, { x, weight: random("a", [16, 64, 1, 1]) }, { relu: true }).y;
      const spatial = graph.op(
        "spatial",
        emulatedConv,
        { x: reduced, weight: random("b", [16, 16, 3, 3]), bias: random("c", [16]) },
        { padding: 1, relu: true },
      ).y;
      graph.output(
        "y",
        graph.op(
          "expand",
          emulatedConv,
          { x: spatial, weight: random("d", [64, 16, 1, 1]), residual: x },
          { relu: true },
        ).y,
      );
      const store = new WeightStore(device());
      const plan = await Plan.create(device(), graph, store, names, { precision: "f16" });
      const { outputs } = await plan.run({ x: input });
      const used = plan.steps.map(({ variantName }) => variantName);
      plan.dispose();
      store.dispose();
      return { values: layouts["nhwc4-f16"].unpack(outputs.get("y")?.bytes ?? new ArrayBuffer(0), shape), used };
    };
    const [cores, tiles] = [await run(), await run({ conv2d: "tiled-f16-32x32" })];
    expect(cores.used).toEqual(["subgroup-matrix-16x32", "subgroup-matrix-window-16x64-k4", "subgroup-matrix-16x32"]);
    expect(largestDifference(cores.values, tiles.values)).toBeLessThan(2e-3);
    expect((await run()).values).toEqual(cores.values);
  });

  it("covers every variant", () => {
    expect([...covered].sort()).toEqual(Object.keys(MATRIX_CONFIGS).sort());
  });
});
