/** `fcn bench` as a shell sees it: wrong calls, and one quick run of each part. Runs the build. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { fromJson } from "../bench/result.js";
import { markdownTable } from "../bench/tables.js";
import { fcn } from "./helpers/fcn.js";

const root = mkdtempSync(join(tmpdir(), "fcn-bench-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("the command", () => {
  it.each([
    [[], "say one of kernels, models, all"],
    [["nothing"], '"nothing" is not one of kernels, models, all'],
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
    [["kernels", "--tune"], "--tune is about models; ask for models or all"],
    [["kernels", "--compare", "no-such.json"], "there is no file no-such.json"],
  ])("%j is a usage error", async (args, sentence) => {
    const { code, err } = await fcn("bench", ...args);
    expect(err).toContain(sentence);
    expect(code).toBe(2);
  });

  it("runs kernels, writes a result and plots, and compares with an earlier one", async () => {
    const folder = join(root, "kernels");
    const relu = ["bench", "kernels", "--filter", "relu"];
    const first = await fcn(...relu, "--json");
    expect(first.code).toBe(0);
    expect(fromJson(first.out, "stdout").kernels?.length).toBeGreaterThan(0);
    const earlier = join(root, "earlier.json");
    writeFileSync(earlier, first.out);
    const second = await fcn(...relu, "--out", folder, "--svg", folder, "--csv", folder, "--compare", earlier);
    expect(second.code).toBe(0);
    expect(second.out).toMatch(/relu: /);
    expect(second.out).toContain("ratio");
    const names = readdirSync(folder).map((name) => name.replace(/^.*-\d{4}-\d\d-\d\d\.json$/, "ADAPTER-DATE.json"));
    expect(names.sort()).toEqual(["ADAPTER-DATE.json", "kernels.csv", "kernels.svg", "roofline.svg"]);
    expect(readFileSync(join(folder, "roofline.svg"), "utf8")).toContain("</svg>");
  });

  it("runs a network in a process of its own", async () => {
    const { code, out, err } = await fcn("bench", "models", "--variants", "fcn32s", "--sizes", "64x32", "--json");
    expect(err).toMatch(/fcn32s default 64x32 f32: .* ms \(the last\)/);
    expect(code).toBe(0);
    const [model] = fromJson(out, "stdout").models ?? [];
    expect(model).toMatchObject({ variant: "fcn32s", width: 64, height: 32, precision: "f32", batch: 1 });
    for (const key of [
      "load",
      "cold",
      "next",
      "warm",
      "throughput",
      "gflop",
      "weightBytes",
      "planBytes",
      "peakRss",
    ] as const)
      expect(model?.[key], key).toBeGreaterThan(0);
    expect(model?.layers.length).toBe(12);
    expect(markdownTable(fromJson(out, "stdout"))).toContain("| fcn32s default 64x32 f32 |");
  });

  it("says why a network could not be measured", async () => {
    const weights = join(root, "bad.safetensors");
    writeFileSync(weights, "no checkpoint");
    const options = ["--variants", "fcn32s", "--sizes", "32", "--weights", weights];
    const { code, err } = await fcn("bench", "models", ...options);
    expect(code).toBe(1);
    expect(err).toContain("bench: measuring fcn32s at 32x32 failed: ");
    expect(err).toContain("bad.safetensors");
  });
});
