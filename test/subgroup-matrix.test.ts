/**
 * What the tensor core kernels compute, without tensor cores. Dawn's null backend checks their text. An emulation of
 * the matrices, in place of the built-in functions, checks their results.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { MATRIX } from "../bench/ceilings.js";
import { compact } from "../scripts/compact-wgsl.mjs";
import { conv2dCases } from "../shaders/conv2d/cases.js";
import { conv2d } from "../shaders/conv2d/kernel.js";
import { conv2dReference } from "../shaders/conv2d/reference.js";
import { resultBytes } from "../shaders/conv2d/matrix-cost.js";
import { DIRECT_TILES, WINDOW_TILES, matrixVariants, windowBytes } from "../shaders/conv2d/subgroup-matrix.js";
import { withConsts, withOlderMatrices } from "../src/gpu/wgsl-edit.js";
import { usableVariants } from "../src/kernel/choice.js";
import { erase, makeProblem } from "../src/kernel/kernel.js";
import { layouts } from "../src/kernel/layout.js";
import type { HostArray } from "../src/kernel/layout.js";
import { register } from "../src/kernel/registry.js";
import { elements } from "../src/kernel/shape.js";
import type { Shape } from "../src/kernel/shape.js";
import type { Weight } from "../src/kernel/weight.js";
import { Graph } from "../src/plan/graph.js";
import { Plan } from "../src/plan/plan.js";
import { WeightStore } from "../src/plan/weight-store.js";
import { claimTensorCores } from "./helpers/claim-tensor-cores.js";
import { useDevice } from "./helpers/device.js";
import { emulated } from "./helpers/emulate-subgroup-matrix.js";
import { complaints, nullDevice } from "./helpers/null-device.js";
import { largestDifference } from "./helpers/reference-maps.js";
import { verify, wideBorders } from "./helpers/verify-kernel.js";
import { shaderText } from "./helpers/wgsl.js";

const device = useDevice();
const kernel = erase(conv2d);

describe("the shaders", () => {
  it.each(Object.keys(matrixVariants))("of %s are valid in both syntaxes", async (name) => {
    const { wgsl, consts } = kernel.variants[name] ?? { wgsl: "" };
    const gpu = await nullDevice();
    const template = withConsts(shaderText(`conv2d/${wgsl}`), consts, wgsl);
    const older = withOlderMatrices(template);
    expect(older).not.toContain("row_major");
    for (const code of [template, older, withOlderMatrices(compact(template))]) {
      expect(await complaints(gpu, code)).toEqual([]);
    }
  });

  it("that measures the ceiling is valid in both syntaxes", async () => {
    const gpu = await nullDevice();
    for (const code of [MATRIX, withOlderMatrices(MATRIX)]) expect(await complaints(gpu, code)).toEqual([]);
  });

  it("differ between the syntaxes in how they load and store, and nowhere else", () => {
    const type = "subgroup_matrix_left<f16, 16, 16>";
    const load = `      left[i] = subgroupMatrixLoad<${type}, row_major>(&x, start, row_pitch);\n`;
    const olderLoad = `      left[i] = subgroupMatrixLoad<${type}>(&x, start, false, row_pitch);\n`;
    const store = "subgroupMatrixStore<row_major>(&sums, subgroup * RESULTS + j * SIDE, sum[i * SN + j], PITCH);\n";
    const olderStore = "subgroupMatrixStore(&sums, subgroup * RESULTS + j * SIDE, sum[i * SN + j], false, PITCH);\n";
    expect(shaderText("conv2d/subgroup-matrix")).toContain(load);
    expect(shaderText("conv2d/subgroup-matrix")).toContain(store);
    expect(withOlderMatrices(load + store)).toBe(olderLoad + olderStore);
    expect(withOlderMatrices(shaderText("conv2d/tiled"))).toBe(shaderText("conv2d/tiled"));
  });

  const LANES = 32;

  it.each(Object.entries(DIRECT_TILES))("%s divides its results evenly, in 32 KiB of workgroup memory", (_, tile) => {
    expect(resultBytes(tile)).toBeLessThanOrEqual(32768);
    const threads = tile.kg * LANES;
    const blocks = (16 * tile.sn * 16) / 4;
    expect(blocks % threads === 0 || threads > blocks).toBe(true);
  });

  it.each(Object.entries(WINDOW_TILES))(
    "window %s divides its work evenly, in 32 KiB of workgroup memory",
    (_, tile) => {
      const { sm, gm, gn, bk } = tile;
      expect(windowBytes(tile)).toBeLessThanOrEqual(32768);
      const team = gm * gn * LANES;
      expect(((gm * sm * 16 * bk) / 4) % team).toBe(0);
      expect(team % (bk / 4)).toBe(0);
      expect(64 % bk).toBe(0); // weights are packed in steps of 64
    },
  );
});

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

const weight = (name: string, shape: Shape): Weight => ({
  name,
  shape,
  read: () => Promise.resolve(new Float32Array(elements(shape)).map((_, i) => Math.sin(i * 12.9898) / 8)),
});

interface Ran {
  readonly values: HostArray;
  /** The variant of each step. */
  readonly used: readonly string[];
}

const BOTTLENECK_SHAPE = [2, 64, 9, 7] as const;

/** The three convolutions of a bottleneck of ResNet, each fed with the result of the one before. */
function bottleneck(): Graph {
  const graph = new Graph();
  const x = graph.input("x", BOTTLENECK_SHAPE, "nhwc4-f16");
  const reduce = { x, weight: weight("reduce.weight", [16, 64, 1, 1]) };
  const reduced = graph.op("reduce", emulatedConv, reduce, { relu: true }).y;
  const spatial = { x: reduced, weight: weight("spatial.weight", [16, 16, 3, 3]), bias: weight("spatial.bias", [16]) };
  const convolved = graph.op("spatial", emulatedConv, spatial, { padding: 1, relu: true }).y;
  const expand = { x: convolved, weight: weight("expand.weight", [64, 16, 1, 1]), residual: x };
  graph.output("y", graph.op("expand", emulatedConv, expand, { relu: true }).y);
  return graph;
}

async function runBottleneck(variants?: Record<string, string>): Promise<Ran> {
  const store = new WeightStore(device());
  const plan = await Plan.create(device(), bottleneck(), store, variants, { precision: "f16" });
  const values = new Float32Array(elements(BOTTLENECK_SHAPE)).map((_, i) => Math.cos(i));
  const { outputs } = await plan.run({ x: new Uint8Array(layouts["nhwc4-f16"].pack(values, BOTTLENECK_SHAPE)) });
  const used = plan.steps.map(({ variantName }) => variantName);
  plan.dispose();
  store.dispose();
  const bytes = outputs.get("y")?.bytes ?? new ArrayBuffer(0);
  return { values: layouts["nhwc4-f16"].unpack(bytes, BOTTLENECK_SHAPE), used };
}

describe("emulated", () => {
  const entry = register(emulatedConv, conv2dReference, conv2dCases);
  const covered = new Set<string>();
  beforeAll(() => claimTensorCores(device()));

  it.each(conv2dCases.filter(({ bench }) => !bench))("$name", async (test) => {
    const usable = usableVariants(kernel, makeProblem(kernel, test.shapes, test.attrs), device());
    for (const name of usable.filter((one) => one in matrixVariants)) {
      await verify(device(), entry, name, test);
      await verify(device(), entry, name, test, wideBorders(kernel, name, test));
      covered.add(name);
    }
  });

  it("runs a bottleneck, one convolution after the other, within f16 of the tiles in workgroup memory", async () => {
    const cores = await runBottleneck();
    const tiles = await runBottleneck({ conv2d: "tiled-f16-32x32" });
    expect(cores.used.map((name) => name.replace(/subgroup-matrix-/, "") in DIRECT_TILES)).toEqual([true, true, true]);
    expect(largestDifference(cores.values, tiles.values)).toBeLessThan(2e-3);
    expect((await runBottleneck()).values).toEqual(cores.values);
  });

  it("covers every variant", () => {
    expect([...covered].sort()).toEqual(Object.keys(matrixVariants).sort());
  });
});
