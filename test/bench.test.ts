/** What `fcn bench` measures: the adapter's peak; kernels, compared with the reference before they are timed. */
import { describe, expect, it } from "vitest";
import { measureCeilings } from "../bench/ceilings.js";
import { benchKernels } from "../bench/kernels.js";
import { difference } from "../bench/verify.js";
import { matrixProduct } from "../shaders/conv2d/cases.js";
import { registry } from "../shaders/index.js";
import type { RegistryEntry } from "../src/kernel/registry.js";
import { useDevice } from "./helpers/device.js";

const device = useDevice();
const ceilings = { gflops: 100, gbs: 10 };

function entryOf(name: string): RegistryEntry {
  const entry = registry.find(({ kernel }) => kernel.name === name);
  if (!entry) throw new Error(`there is no kernel ${name}`);
  return entry;
}

/** The kernel with a reference whose output y is changed. */
function withWrongReference(entry: RegistryEntry, change: (values: number[]) => number[]): RegistryEntry {
  return {
    ...entry,
    reference: (inputs, attrs) => {
      const { y } = entry.reference(inputs, attrs);
      return y ? { y: { ...y, data: change(Array.from(y.data)) } } : {};
    },
  };
}

describe("ceilings", () => {
  it("are above zero", async () => {
    const { gflops, gbs } = await measureCeilings(device());
    expect(gflops).toBeGreaterThan(1);
    expect(gbs).toBeGreaterThan(0.1);
  });
});

describe("kernels", () => {
  it("get a time when their result is right", async () => {
    const rows = await benchKernels(device(), { filter: "relu", ceilings });
    expect(rows.length).toBeGreaterThan(0);
    for (const r of rows) {
      expect(r.failed).toBeUndefined();
      expect(r.min).toBeGreaterThan(0);
      expect(r.min <= r.p25 && r.p25 <= r.ms && r.ms <= r.p75).toBe(true);
    }
  });

  it("get no time when their result is wrong", async () => {
    const entry = withWrongReference(entryOf("relu"), (values) => values.map((v) => v + 1));
    const rows = await benchKernels(device(), { ceilings, entries: [entry] });
    expect(rows.every((r) => r.failed?.startsWith("y is off the reference by") && Number.isNaN(r.ms))).toBe(true);
  });

  it("are marked as chosen where networks take them, in each precision", async () => {
    const rows = await benchKernels(device(), { filter: "max-pool2d", ceilings });
    const chosen = rows.filter((row) => row.kernel === "max-pool2d" && row.chosen).map(({ variant }) => variant);
    expect([...new Set(chosen)].sort()).toEqual(["f16", "naive", "texture"]); // naive: with indices
  });

  it("with a large product are compared on a part of it, anywhere in the result", async () => {
    const cases = [
      { ...matrixProduct(64), bench: true },
      { ...matrixProduct(256), bench: true, gpuOnly: true },
    ];
    const entry = { ...entryOf("conv2d"), cases };
    const [right] = await benchKernels(device(), { filter: "vec4", ceilings, entries: [entry] });
    expect(right).toMatchObject({ case: "matrix product 64^3", flops: 2 * 64 ** 3 });
    expect(right?.failed).toBeUndefined();
    const reversed = withWrongReference(entry, (values) => values.reverse());
    const [wrong] = await benchKernels(device(), { filter: "vec4", ceilings, entries: [reversed] });
    expect(wrong?.failed).toMatch(/^y is off the reference/);
  });

  it("that store f16 move about half the bytes", async () => {
    const rows = await benchKernels(device(), { filter: "score8 @224", ceilings });
    expect(rows.length).toBeGreaterThan(1);
    const f32Bytes = rows.find(({ precision }) => precision === "f32")?.bytes ?? 0;
    const f16 = rows.filter(({ precision }) => precision === "f16");
    for (const r of f16) expect(r.bytes).toBeLessThan(0.75 * f32Bytes);
    for (const r of rows) expect(r.share).toBeCloseTo(Math.max(r.ofCompute, r.ofMemory));
  });

  it("fail on NaN, a wrong length and wrong integers", () => {
    expect(difference([1, 2], [1, 2], false, 1e-5)).toBeUndefined();
    expect(difference([1, NaN], [1, 2], false, 1e-5)).toContain("off the reference");
    expect(difference([1], [1, 2], false, 1e-5)).toBe("1 values, the reference has 2");
    expect(difference([1, 3], [1, 2], true, 1e-5)).toBe("1 of 2 values differ from the reference");
  });
});
