/** fcn bench: what is refused before it is timed, what a result keeps, what ratios say, and one quick run of each command. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { measureCeilings } from "../bench/ceilings.js";
import { barChart, roofline } from "../bench/charts.js";
import { benchKernels, markFastest } from "../bench/kernels.js";
import type { KernelRow } from "../bench/kernel-row.js";
import { failedRow } from "../bench/model-row.js";
import { publish, withSection } from "../bench/publish.js";
import { SCHEMA, changes, fromJson, merged, resultName, toJson } from "../bench/result.js";
import type { BenchResult } from "../bench/result.js";
import { kernelText, markdownTable, modelText } from "../bench/tables.js";
import { difference } from "../bench/verify.js";
import { matrixProduct } from "../shaders/conv2d/cases.js";
import { registry } from "../shaders/index.js";
import { useDevice } from "./helpers/device.js";

const device = useDevice();
const cli = fileURLToPath(new URL("../dist/src/cli/main.js", import.meta.url));
const fcn = (...args: string[]) => spawnSync(process.execPath, [cli, "bench", ...args], { encoding: "utf8" });

const row: KernelRow = {
  kernel: "conv2d",
  case: "3x3",
  variant: "lanes-8",
  precision: "f32",
  chosen: true,
  flops: 4e9,
  bytes: 1e6,
  ms: 10,
  min: 9,
  p25: 9.5,
  p75: 11,
  repeats: 2,
  clock: "gpu",
  ofCompute: 0.5,
  ofMemory: 0.1,
  share: 0.5,
  bound: "compute",
};
const result: BenchResult = {
  schema: SCHEMA,
  date: "2026-01-02",
  cpu: "a processor, 2 cores",
  adapter: { name: "adapter", vendor: "v", architecture: "a", description: "d", software: true, subgroupSize: 8 },
  versions: { package: "0.1.0", webgpu: "0.6.2", node: "v20" },
  ceilings: { gflops: 800, gbs: 10 },
  kernels: [
    row,
    { ...row, variant: "naive", chosen: false, ms: NaN, min: NaN, p25: NaN, p75: NaN, share: NaN, failed: "y is off" },
  ],
};

describe("ceilings", () => {
  it("are above zero, and no kernel's speed", async () => {
    const { gflops, gbs } = await measureCeilings(device());
    expect(gflops).toBeGreaterThan(1);
    expect(gbs).toBeGreaterThan(0.1);
  });
});

describe("kernels", () => {
  const ceilings = { gflops: 100, gbs: 10 };
  it("are timed where they are right", async () => {
    const rows = await benchKernels(device(), { filter: "relu", ceilings });
    expect(rows.length).toBeGreaterThan(0);
    for (const r of rows) {
      expect(r.failed).toBeUndefined();
      expect(r.min).toBeGreaterThan(0);
      expect(r.min <= r.p25 && r.p25 <= r.ms && r.ms <= r.p75).toBe(true);
    }
  });

  it("get no time where they are wrong", async () => {
    const entry = registry.find(({ kernel }) => kernel.name === "relu");
    if (!entry) throw new Error("no relu");
    const reference: typeof entry.reference = (inputs, attrs) => {
      const { y } = entry.reference(inputs, attrs);
      return y ? { y: { ...y, data: Array.from(y.data, (v) => v + 1) } } : {};
    };
    const rows = await benchKernels(device(), { ceilings, entries: [{ ...entry, reference }] });
    expect(rows.every((r) => r.failed?.startsWith("y is off the reference by") && Number.isNaN(r.ms))).toBe(true);
  });

  it("of which networks take the fastest on a GPU: of the tuner's rivals, in each precision", () => {
    const rows = [
      row,
      { ...row, variant: "naive", ms: 1 },
      { ...row, variant: "tiled", ms: 4, chosen: false },
      { ...row, variant: "half", precision: "f16" as const, ms: 2 },
    ];
    const rivals = { f32: ["lanes-8", "tiled"], f16: ["half"] };
    expect(
      markFastest(rows, (precision) => rivals[precision])
        .filter(({ chosen }) => chosen)
        .map(({ variant }) => variant),
    ).toEqual(["tiled", "half"]);
  });

  it("of large products are compared in part, anywhere in the result", async () => {
    const entry = registry.find(({ kernel }) => kernel.name === "conv2d");
    if (!entry) throw new Error("no conv2d");
    const cases = [
      { ...matrixProduct(64), bench: true },
      { ...matrixProduct(256), bench: true, gpuOnly: true },
    ];
    const [right] = await benchKernels(device(), { filter: "vec4", ceilings, entries: [{ ...entry, cases }] });
    expect(right).toMatchObject({ case: "matrix product 64^3", flops: 2 * 64 ** 3 });
    expect(right?.failed).toBeUndefined();
    const reference: typeof entry.reference = (inputs, attrs) => {
      const { y } = entry.reference(inputs, attrs);
      return y ? { y: { ...y, data: Array.from(y.data).reverse() } } : {};
    };
    const [wrong] = await benchKernels(device(), {
      filter: "vec4",
      ceilings,
      entries: [{ ...entry, reference, cases }],
    });
    expect(wrong?.failed).toMatch(/^y is off the reference/);
  });

  it("that store f16 move half the bytes", async () => {
    const rows = await benchKernels(device(), { filter: "score8 @224", ceilings: { gflops: 100, gbs: 10 } });
    const f16 = rows.filter(({ precision }) => precision === "f16");
    expect(rows.length).toBeGreaterThan(1);
    for (const r of f16)
      expect(r.bytes).toBeLessThan(0.75 * (rows.find(({ precision }) => precision === "f32")?.bytes ?? 0));
    for (const r of rows) expect(r.share).toBeCloseTo(Math.max(r.ofCompute, r.ofMemory));
  });

  it("are compared so that NaN, a wrong length and wrong integers fail", () => {
    expect(difference([1, 2], [1, 2], false, 1e-5)).toBeUndefined();
    expect(difference([1, NaN], [1, 2], false, 1e-5)).toContain("off the reference");
    expect(difference([1], [1, 2], false, 1e-5)).toBe("1 values, the reference has 2");
    expect(difference([1, 3], [1, 2], true, 1e-5)).toBe("1 of 2 values differ from the reference");
  });
});

describe("results", () => {
  it("survive JSON, missing times included", () => {
    expect(fromJson(toJson(result), "r.json")).toEqual(result);
  });

  it.each([
    ["nonsense", "r.json is not JSON"],
    ["17", "is not a result of fcn bench"],
    ['{"schema":"other/1"}', 'its schema is "other/1"'],
    [`{"schema":"${SCHEMA}"}`, "lacks an adapter"],
  ])("%j is refused in one sentence", (text, sentence) => {
    expect(() => fromJson(text, "r.json")).toThrow(
      expect.objectContaining({ code: "bad-option", message: expect.stringContaining(sentence) as string }),
    );
  });

  it("give ratios of the rows both have, clear only where the spreads do not meet", () => {
    const faster = {
      ...result,
      kernels: [
        { ...row, ms: 5, p25: 4, p75: 6 },
        { ...row, case: "new" },
      ],
    };
    expect(changes(result, faster)).toEqual([
      { what: "conv2d / 3x3 / lanes-8", before: 10, after: 5, ratio: 0.5, clear: true },
    ]);
    expect(changes(result, { ...result, kernels: [{ ...row, ms: 10.5 }] })[0]?.clear).toBe(false);
  });

  it("of one day go together: what the later run did not measure stays", () => {
    const model = failedRow(
      { variant: "fcn8s", weights: "default", width: 8, height: 8, precision: "f32", batch: 1, tune: true },
      "out of memory",
    );
    const networks = { ...result, kernels: undefined, ceilings: undefined, models: [model] } as unknown as BenchResult;
    expect(merged(result, networks)).toMatchObject({
      kernels: result.kernels,
      ceilings: result.ceilings,
      models: [model],
    });
    expect(
      merged(networks, {
        ...networks,
        models: [
          { ...model, width: 9 },
          { ...model, failed: "again" },
        ],
      }).models?.map(({ width, failed }) => [width, failed]),
    ).toEqual([
      [9, "out of memory"],
      [8, "again"],
    ]);
    expect(merged({ ...result, date: "2025-01-01" }, networks).kernels).toBeUndefined();
    expect(modelText(networks)).toContain("fcn8s default 8x8 f32: not measured: out of memory");
    expect(markdownTable(networks)).not.toContain("fcn8s");
  });

  it("become text and plots that name what was not timed", () => {
    expect(kernelText(result.kernels ?? [])).toMatch(/\* lanes-8 +10\.0 +9\.50-11\.0 +400/);
    expect(kernelText(result.kernels ?? [])).toContain("naive  not timed: y is off");
    expect(barChart(result.kernels ?? [], "t").body).toContain("conv2d: 3x3");
    expect(roofline(result.kernels ?? [], { gflops: 800, gbs: 10 }, "t").body).toContain("800 GFLOP/s");
    expect(roofline(result.kernels ?? [], { gflops: 800, gbs: 10, matrixGflops: 9000 }, "t").body).toContain(
      "9000 GFLOP/s of subgroup matrices",
    );
    expect(modelText(result)).toContain("network");
  });
});

describe("what is published", () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const kept = readdirSync(join(root, "bench/results")).filter((name) => name.endsWith(".json"));
  const results = kept.map((name) => fromJson(readFileSync(join(root, "bench/results", name), "utf8"), name));

  it("is of results that bear their adapter and date in their names", () => {
    expect(kept.length).toBeGreaterThan(0);
    expect(kept).toEqual(results.map((own) => `${resultName(own)}.json`));
  });

  it("is in the README and docs/bench as `npm run bench-table` makes it", () => {
    const { section, plots } = publish(results);
    const readme = readFileSync(join(root, "README.md"), "utf8");
    expect(withSection(readme, section)).toBe(readme);
    expect(
      readdirSync(join(root, "docs/bench"))
        .map((name) => `docs/bench/${name}`)
        .sort(),
    ).toEqual([...plots.keys()].sort());
    for (const [path, text] of plots) expect(readFileSync(join(root, path), "utf8"), path).toBe(text);
  });

  it("is the newest of each adapter, and nothing without rows", () => {
    const model = {
      variant: "fcn32s" as const,
      weights: "w",
      width: 1,
      height: 1,
      precision: "f32" as const,
      batch: 1,
      tune: false,
      load: 1,
      cold: 1,
      warm: 1,
      min: 1,
      max: 1,
      runs: 1,
      upload: 0,
      encode: 0,
      gpu: 1,
      readback: 0,
      script: 0,
      throughput: 1,
      gflop: 1,
      weightBytes: 1,
      planBytes: 1,
      peakRss: 1,
      layers: [],
    };
    const older = { ...result, date: "2025-12-31", models: [model], kernels: [] };
    const { section, plots } = publish([{ ...result, models: [model] }, older]);
    expect(section.match(/2026-01-02|2025-12-31/g)).toEqual(["2026-01-02", "2026-01-02", "2026-01-02"]);
    expect([...plots.keys()]).toEqual([
      "docs/bench/adapter-2026-01-02-kernels.svg",
      "docs/bench/adapter-2026-01-02-roofline.svg",
    ]);
    const { kernels, ...bare } = result;
    expect(kernels?.length).toBe(2);
    expect(publish([bare])).toEqual({ section: "", plots: new Map() });
    expect(() => withSection("no marks", "")).toThrow("the page needs a line");
  });
});

describe("the command", () => {
  it.each([
    [["bench"], "say one of kernels, models, all"],
    [["nothing"], "--of nothing is not one of kernels, models, all"],
    [["models", "--variants", "fcn64s"], "--variants fcn64s is not one of"],
    [["models", "--sizes", "0"], "--sizes 0 is not a whole number from 1"],
    [["models", "--sizes", "3x"], "is not a whole number"],
    [["models", "--sizes", "224x224x5"], "--sizes 224x224x5 is neither N nor WIDTHxHEIGHT"],
    [["models", "--precision", "f64"], "--precision f64 is not one of"],
    [["models", "--batch", "1.5"], "--batch 1.5 is not a whole number"],
    [["models", "--weights", "no-such.pth"], "there is no file no-such.pth"],
    [
      ["models", "--variants", "fcn-resnet101"],
      "--weights default has no fcn-resnet101; fcn-resnet101 is in synthetic-torchvision",
    ],
    [["kernels", "--filter", "no such kernel"], 'contains "no such kernel"'],
    [["models", "--svg", "out"], "--svg is about kernels; ask for kernels or all"],
    [["models", "--filter", "conv2d"], "--filter is about kernels; ask for kernels or all"],
    [["kernels", "--batch", "3"], "--batch is about models; ask for models or all"],
    [["kernels", "--no-tune"], "--no-tune is about models; ask for models or all"],
    [["kernels", "--compare", "no-such.json"], "there is no file no-such.json"],
  ])("%j is a usage error", (args, sentence) => {
    const { status, stderr } = fcn(...args.filter((a) => a !== "bench"));
    expect(stderr).toContain(sentence);
    expect(status).toBe(2);
  });

  it("runs kernels, writes a result and plots, and compares with an earlier one", () => {
    const folder = mkdtempSync(join(tmpdir(), "fcn-webgpu-"));
    const first = fcn("kernels", "--filter", "relu", "--json");
    expect(first.status).toBe(0);
    writeFileSync(join(folder, "old.json"), first.stdout);
    expect(fromJson(first.stdout, "stdout").kernels?.length).toBeGreaterThan(0);
    const second = fcn(
      "kernels",
      "--filter",
      "relu",
      "--out",
      folder,
      "--svg",
      folder,
      "--compare",
      join(folder, "old.json"),
    );
    expect(second.status).toBe(0);
    expect(second.stdout).toMatch(/relu: /);
    expect(second.stdout).toContain("ratio");
    expect(
      readdirSync(folder)
        .filter((name) => name !== "old.json")
        .map((name) => name.replace(/^.*-(\d{4}-\d\d-\d\d\.json)$/, "ADAPTER-DATE.json"))
        .sort(),
    ).toEqual(["ADAPTER-DATE.json", "kernels.svg", "roofline.svg"]);
    expect(readFileSync(join(folder, "roofline.svg"), "utf8")).toContain("</svg>");
  }, 60_000);

  it("runs a network in a process of its own", () => {
    const { status, stdout, stderr } = fcn("models", "--variants", "fcn32s", "--sizes", "64x32", "--json");
    expect(stderr).toContain("fcn32s default 64x32 f32");
    expect(status).toBe(0);
    const [model] = fromJson(stdout, "stdout").models ?? [];
    expect(model).toMatchObject({ variant: "fcn32s", width: 64, height: 32, precision: "f32", batch: 1 });
    for (const key of ["load", "cold", "warm", "throughput", "gflop", "weightBytes", "planBytes", "peakRss"] as const)
      expect(model?.[key], key).toBeGreaterThan(0);
    expect(model?.layers.length).toBe(12);
    expect(markdownTable(fromJson(stdout, "stdout"))).toContain("| fcn32s default 64x32 f32 |");
  }, 60_000);

  it("says why a network could not be measured", () => {
    const folder = mkdtempSync(join(tmpdir(), "fcn-webgpu-"));
    writeFileSync(join(folder, "bad.safetensors"), "no checkpoint");
    const { status, stderr } = fcn(
      "models",
      "--variants",
      "fcn32s",
      "--sizes",
      "32",
      "--weights",
      join(folder, "bad.safetensors"),
    );
    expect(status).toBe(1);
    expect(stderr).toContain("bench: measuring fcn32s at 32x32 failed: ");
    expect(stderr).toContain("bad.safetensors");
  }, 60_000);
});
