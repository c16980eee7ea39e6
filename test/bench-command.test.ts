/** `fcn bench` as a shell sees it: wrong calls, and one quick run of each part. Runs the build. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { fromJson } from "../bench/result.js";
import { markdownTable } from "../bench/tables.js";

const cli = fileURLToPath(new URL("../dist/src/cli/main.js", import.meta.url));
const fcn = (...args: string[]) => spawnSync(process.execPath, [cli, "bench", ...args], { encoding: "utf8" });

describe("the command", () => {
  it.each([
    [["bench"], "say one of kernels, models, all"],
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
