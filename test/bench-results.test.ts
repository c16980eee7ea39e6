/** Benchmark results: JSON and back, ratios, merging, text, plots, and what the README shows. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import { barChart } from "../bench/bar-chart.js";
import { underCeilings } from "../bench/roof.js";
import { roofline } from "../bench/roofline.js";
import { failedRow } from "../bench/model-row.js";
import { publish, withSection } from "../bench/publish.js";
import { SCHEMA, changes, fromJson, merged, resultName, toJson } from "../bench/result.js";
import type { KernelRow } from "../bench/kernel-row.js";
import type { BenchResult } from "../bench/result.js";
import { kernelText, markdownTable, modelText } from "../bench/tables.js";
import { readResult, saveCsv, savePlots, saveResult } from "../src/cli/bench-output.js";
import { modelRow, result, timedRow } from "./helpers/bench-rows.js";

const root = mkdtempSync(join(tmpdir(), "fcn-bench-results-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("results on disk", () => {
  it("keep the rows of runs that save at the same time, also where a killed one left its lock", async () => {
    const cases = ["a", "b", "c", "d", "e", "f"];
    const saves = cases.map((name) => saveResult(root, { ...result, kernels: [{ ...timedRow, case: name }] }));
    const [path = ""] = await Promise.all(saves);
    const kept = (): string[] => (fromJson(readFileSync(path, "utf8"), path).kernels ?? []).map((row) => row.case);
    expect(kept().sort()).toEqual(cases);
    writeFileSync(`${path}.lock`, "");
    await saveResult(root, { ...result, kernels: [{ ...timedRow, case: "g" }] });
    expect(kept()).toContain("g");
    expect(readdirSync(root)).toHaveLength(1);
  }, 30_000);

  it("leave no lock behind where the program ends while it saves", () => {
    const folder = mkdtempSync(join(root, "ended-"));
    const output = new URL("../dist/src/cli/bench-output.js", import.meta.url);
    const script = `import { saveResult } from ${JSON.stringify(output)};
      import { readdirSync } from "node:fs";
      void saveResult(process.argv[1], JSON.parse(process.argv[2]));
      process.stdout.write(readdirSync(process.argv[1]).join());
      process.exit();`;
    const words = ["--input-type=module", "-e", script, folder, JSON.stringify(result)];
    expect(execFileSync(process.execPath, words, { encoding: "utf8" })).toMatch(/\.json\.lock$/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("are not read without end", async () => {
    await expect(readResult("/dev/zero")).rejects.toThrow(/\/dev\/zero is larger than 67108864 bytes/);
  });

  it("are tables of one run: those of an earlier run are removed", async () => {
    const folder = mkdtempSync(join(root, "csv-"));
    await saveCsv(folder, { ...result, models: [modelRow] });
    expect(readdirSync(folder)).toContain("models.csv");
    writeFileSync(join(folder, "layers.csv"), "of an earlier run");
    await saveCsv(folder, result);
    expect(readdirSync(folder)).toEqual(["kernels.csv"]);
  });
});

it("plots of an earlier run are removed where this one measured no kernels", async () => {
  const folder = mkdtempSync(join(root, "svg-"));
  for (const name of ["kernels.svg", "roofline.svg", "own.svg"]) writeFileSync(join(folder, name), "before");
  const { schema, date, adapter, cpu, versions } = result;
  await savePlots(folder, { schema, date, adapter, cpu, versions });
  expect(readdirSync(folder)).toEqual(["own.svg"]);
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

  it("give ratios of the rows that both have, clear only where the spreads do not overlap", () => {
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

  it("of one day go together: rows that the later run did not measure stay, in their order", () => {
    const task = { variant: "fcn8s", weights: "default", width: 8, height: 8 } as const;
    const model = failedRow({ ...task, precision: "f32", batch: 1, tune: true }, "out of memory");
    const { kernels, ceilings, ...empty } = result;
    const networks: BenchResult = { ...empty, models: [model] };
    expect(merged(result, networks)).toMatchObject({ kernels, ceilings, models: [model] });
    const later = {
      ...networks,
      models: [
        { ...model, width: 9 },
        { ...model, failed: "again" },
      ],
    };
    expect(merged(networks, later).models?.map(({ width, failed }) => [width, failed])).toEqual([
      [8, "again"],
      [9, "out of memory"],
    ]);
    expect(merged({ ...result, date: "2025-01-01" }, networks).kernels).toBeUndefined();
    expect(modelText(networks)).toContain("fcn8s default 8x8 f32: not measured: out of memory");
    expect(markdownTable(networks)).not.toContain("fcn8s");
  });

  it("of one day keep kernels that a filtered run did not measure, under the higher ceilings of both", () => {
    const other = { ...timedRow, case: "1x1" };
    const earlier = { ...result, kernels: [other, timedRow], ceilings: { gflops: 800, gbs: 10 } };
    const again = { ...timedRow, ms: 5 };
    const { kernels, ceilings } = merged(earlier, { ...result, kernels: [again], ceilings: { gflops: 400, gbs: 20 } });
    expect(kernels?.map((row) => [row.case, "ms" in row && row.ms])).toEqual([
      ["1x1", timedRow.ms],
      [timedRow.case, 5],
    ]);
    expect(ceilings).toEqual({ gflops: 800, gbs: 20 });
    expect(kernels).toEqual([other, again].map((row) => underCeilings(row, { gflops: 800, gbs: 20 })));
    const added = merged(result, { ...result, kernels: [other] });
    expect(added.kernels).toHaveLength(1 + (result.kernels?.length ?? 0));
  });

  it("become text and plots, which name the rows without a time", () => {
    const { kernels = [], ceilings = { gflops: 800, gbs: 10 } } = result;
    expect(kernelText(kernels)).toMatch(/\* lanes-8 +10\.0 +9\.50-11\.0 +400/);
    expect(kernelText(kernels)).toContain("naive  not timed: y is off");
    expect(barChart(kernels, "t").body).toContain("conv2d: 3x3");
    expect(roofline(kernels, ceilings, "t").body).toContain("800 GFLOP/s");
    const note = "above the line: data stayed in a cache";
    expect(roofline(kernels, { ...ceilings, gbs: 1e6 }, "t").body).not.toContain(note);
    expect(roofline(kernels, { ...ceilings, gbs: 1e-6 }, "t").body).toContain(note);
    const half = kernels.map((row): KernelRow => ({ ...row, precision: "f16" }));
    expect(barChart([...kernels, ...half], "t").body).toContain(">(f16)<");
    const withMatrices = roofline(kernels, { ...ceilings, matrixGflops: 9000 }, "t");
    expect(withMatrices.body).toContain("9000 GFLOP/s of subgroup matrices");
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

  it("has its colours in programs that know no custom properties of CSS, such as librsvg", async () => {
    for (const [path, text] of publish([result]).plots) {
      const pixels = await sharp(Buffer.from(text)).removeAlpha().raw().toBuffer();
      expect([...pixels.subarray(0, 3)], path).toEqual([255, 255, 255]);
      const isColoured = (_: number, i: number) => {
        const rgb = pixels.subarray(i * 3, i * 3 + 3);
        return Math.max(...rgb) - Math.min(...rgb) > 100;
      };
      expect(Array.from({ length: pixels.length / 3 }, isColoured), path).toContain(true);
    }
  });

  it("shows bars of the cases with the most operations where there are many", () => {
    const [first] = result.kernels ?? [];
    if (!first) throw new Error("no row");
    const kernels = Array.from({ length: 40 }, (_, i) => ({ ...first, case: `case ${i}.`, flops: 1e6 + i }));
    const bars = publish([{ ...result, kernels }]).plots.get("docs/bench/adapter-2026-01-02-kernels.svg") ?? "";
    const shown = kernels.filter((row) => bars.includes(`${row.case}<`));
    expect(shown).toEqual(kernels.slice(8));
  });

  it("is the newest result of each adapter, and nothing for a result without rows", () => {
    const older = { ...result, date: "2025-12-31", models: [modelRow], kernels: [] };
    const { section, plots } = publish([{ ...result, models: [modelRow] }, older]);
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
