/**
 * A kernel is a folder. These tests need no device: they hold the folders, their declarations and their cases together.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { kernelFolders } from "../scripts/kernels.mjs";
import { registry } from "../shaders/index.js";
import { MATRIX_FEATURE } from "../src/gpu/subgroup-matrix.js";
import { usableVariants } from "../src/kernel/choice.js";
import { makeProblem } from "../src/kernel/kernel.js";
import type { RegistryEntry } from "../src/kernel/registry.js";
import type { DeviceTraits } from "../src/kernel/variant.js";
import { root } from "./helpers/sources.js";

/** Devices that differ in what variants ask for. Together they offer everything that a variant may need. */
const GPU: DeviceTraits = {
  features: new Set(["subgroups", "shader-f16", "timestamp-query", MATRIX_FEATURE]),
  limits: {
    maxComputeInvocationsPerWorkgroup: 1024,
    maxComputeWorkgroupStorageSize: 48 * 1024,
    maxComputeWorkgroupsPerDimension: 65_535,
  },
  vendor: "",
  architecture: "",
  subgroupSize: 32,
  software: false,
  cores: 132,
  subgroupMatrix: "template",
};
const DEVICES: readonly DeviceTraits[] = [
  GPU,
  { ...GPU, subgroupSize: 8, software: true },
  { ...GPU, subgroupSize: 4, software: true },
];

/** Variants that one of the devices can run in one of the cases. */
function reachableVariants({ kernel, cases }: RegistryEntry): Set<string> {
  const problems = cases.map(({ shapes, attrs }) => makeProblem(kernel, shapes, attrs));
  return new Set(DEVICES.flatMap((device) => problems.flatMap((problem) => usableVariants(kernel, problem, device))));
}

it("every folder of shaders/ is in the registry under its own name", () => {
  expect(registry.map(({ kernel }) => kernel.name).sort()).toEqual(kernelFolders());
});

describe.each(registry)("$kernel.name", (entry) => {
  const { kernel, cases } = entry;

  it("uses every .wgsl file of its folder, and no other", () => {
    const files = readdirSync(join(root, "shaders", kernel.name)).filter((file) => file.endsWith(".wgsl"));
    const own = Object.values(kernel.variants).filter(({ shared }) => !shared || shared.kernel === kernel.name);
    const used = new Set(own.map(({ wgsl }) => `${wgsl}.wgsl`));
    expect(files.sort()).toEqual([...used].sort());
  });

  it("has a case that can run each variant on some device", () => {
    expect([...reachableVariants(entry)].sort()).toEqual(Object.keys(kernel.variants).sort());
  });

  it("has small cases for the tests and real shapes for the benchmarks, each with a name of its own", () => {
    expect(cases.some(({ bench }) => !bench)).toBe(true);
    expect(cases.some(({ bench }) => bench)).toBe(true);
    const names = cases.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it("begins with the naive variant, where there is one", () => {
    expect(Object.keys(kernel.variants)[0]).toMatch(/naive|^to-f16$|^nearest$/);
  });
});
