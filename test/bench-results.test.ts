/** Benchmark results: JSON and back, ratios, merging, text, plots, and what the README shows. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { barChart, roofline } from "../bench/charts.js";
import { failedRow } from "../bench/model-row.js";
import { publish, withSection } from "../bench/publish.js";
import { SCHEMA, changes, fromJson, merged, resultName, toJson } from "../bench/result.js";
import type { BenchResult } from "../bench/result.js";
import { kernelText, markdownTable, modelText } from "../bench/tables.js";
import { result, timedRow } from "./helpers/bench-rows.js";

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
        { ...timedRow, ms: 5, p25: 4, p75: 6 },
        { ...timedRow, case: "new" },
      ],
    };
    expect(changes(result, faster)).toEqual([
      { what: "conv2d / 3x3 / lanes-8", before: 10, after: 5, ratio: 0.5, clear: true },
    ]);
    expect(changes(result, { ...result, kernels: [{ ...timedRow, ms: 10.5 }] })[0]?.clear).toBe(false);
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

  it("comes from files named after their adapter and date", () => {
    expect(kept.length).toBeGreaterThan(0);
    expect(kept).toEqual(results.map((own) => `${resultName(own)}.json`));
  });

  it("stands in the README and docs/bench as `npm run bench-table` writes it", () => {
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

  it("is the newest result of each adapter, and nothing for a result without rows", () => {
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
