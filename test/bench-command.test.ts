/** `fcn bench` as a shell sees it: wrong calls, and one quick run of each part. Runs the build. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { fromJson, toJson } from "../bench/result.js";
import { markdownTable } from "../bench/tables.js";
import { fcn } from "./helpers/fcn.js";
import { bash } from "./helpers/shell.js";

const root = mkdtempSync(join(tmpdir(), "fcn-bench-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("the command", () => {
  it.each([
    [[], "say one of kernels, models, all"],
    [["nothing"], '"nothing" is not one of kernels, models, all'],
    [["models", "--variants", "fcn64s"], "--variants fcn64s is not one of"],
    [["models", "--sizes", "0"], "--sizes 0 is not a whole number from 1"],
    [["models", "--sizes", "007"], "--sizes 007 is not a whole number from 1"],
    [["models", "--sizes", "3x"], "--sizes 3x is neither N nor WIDTHxHEIGHT"],
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

  it("keeps each row as soon as it is measured: Ctrl-C loses the one in hand", async () => {
    const script = `set -m; $FCN bench kernels --out kept 2>/dev/null & until ls kept/*.json; do sleep 0.1; done
      kill -INT $!; wait $!; code=$?; cat kept/*.json; exit $code`;
    const { code, out } = await bash(script, root);
    expect(code).toBe(130);
    const { kernels = [], ceilings } = fromJson(out.slice(out.indexOf("{")), "kept");
    expect(kernels.length).toBeGreaterThan(0);
    expect(ceilings?.gflops).toBeGreaterThan(0);
  });

  it("prints what was measured where Ctrl-C ends it without --out", async () => {
    const script = `set -m; $FCN bench kernels --json >printed 2>notes & until grep -q ', [a-z0-9-]*$' notes
      do sleep 0.1; done; kill -INT $!; wait $!; code=$?; cat printed; exit $code`;
    const { code, out } = await bash(script, root);
    expect(code).toBe(130);
    expect(fromJson(out.slice(out.indexOf("{")), "printed").kernels?.length).toBeGreaterThan(0);
  });

  it("looks at the file of --out before it measures", async () => {
    const folder = join(root, "earlier");
    const relu = ["bench", "kernels", "--filter", "relu", "--out", folder];
    expect((await fcn(...relu)).code).toBe(0);
    const [name = ""] = readdirSync(folder);
    const path = join(folder, name);
    const result = fromJson(readFileSync(path, "utf8"), name);
    writeFileSync(path, toJson({ ...result, versions: { ...result.versions, node: "v1" } }));
    const replaced = await fcn(...relu);
    expect(replaced.err).toContain(`WARNING: bench: ${path} is of another version, driver or processor, and will be`);
    writeFileSync(path, "{");
    const refused = await fcn(...relu);
    expect([refused.code, refused.out]).toEqual([1, ""]);
    expect(refused.err).toMatch(/^fcn: .*\.json is not JSON: .*\n$/);
    expect(readFileSync(path, "utf8")).toBe("{");
  });

  it("prints what was measured where --out is full, and writes the other files", async () => {
    const script = `mkdir full && mount -t tmpfs -o size=4k,nr_inodes=1 none full || exit 99
      $FCN bench kernels --filter "relu" --out full --csv csv; code=$?; umount full; ls csv; exit $code`;
    const { code, out, err } = await bash(script, root);
    if (code === 99) throw new Error("This test mounts a tmpfs; run it as root");
    expect(code).toBe(1);
    expect(out).toMatch(/^relu: [^]*kernels\.csv\n$/m);
    expect(err).toMatch(/full.* cannot be written: /);
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
