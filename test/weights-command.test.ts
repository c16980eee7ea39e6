/** `fcn weights`, and the commands that take names of weights. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { BENCH_OPTIONS } from "../src/cli/bench-options.js";
import { modelRequestOf, modelTasks } from "../src/cli/bench-tasks.js";
import { parse } from "../src/cli/command.js";
import { compare } from "../src/cli/compare.js";
import { importCommand } from "../src/cli/import.js";
import { inspect } from "../src/cli/inspect.js";
import { segment } from "../src/cli/segment.js";
import { weights as weightsCommand } from "../src/cli/weights.js";
import type { ListedWeights } from "../src/cli/weights.js";
import { VOC_CLASSES } from "../src/image/palette.js";
import { WEIGHTS_NAMES, namedWeights } from "../src/weights/catalogue.js";
import type { NamedWeights } from "../src/weights/catalogue.js";
import { placeOf } from "../src/weights/named-file.js";
import { runCommand } from "./helpers/commands.js";
import { sha256 } from "./helpers/file-server.js";
import { withCheckpoint } from "./helpers/small-checkpoint.js";
import { FILE, NET, PUBLISHED, STAND_IN, useStandIn } from "./helpers/stand-in.js";

const standIn = useStandIn();

describe("commands", () => {
  const bird = fileURLToPath(new URL("../samples/bird.png", import.meta.url));

  it("weights lists what there is and what is cached, within 80 columns, or as JSON", async () => {
    const { out } = await runCommand(weightsCommand);
    expect(out).toMatch(
      /^name +size +cached +knows +licence\nphotos +4 MB +ships .*\nicons +6 MB +ships +drawn icons, 21 classes +MIT\n/,
    );
    expect(out).toMatch(/\ntorchvision\/fcn_resnet101 +218 MB +no +photographs, 21 classes +BSD-3-Clause\n/);
    expect(
      Math.max(...out.split("\n").map((line) => (line.includes(standIn.cache) ? 0 : line.length))),
    ).toBeLessThanOrEqual(80);
    const { out: json } = await runCommand(weightsCommand, "--json");
    const listed = JSON.parse(json) as ListedWeights[];
    expect(listed.map(({ name }) => name)).toEqual(WEIGHTS_NAMES);
    expect(listed[0]).toMatchObject({ state: "in the package", url: null });
    expect(listed[0]?.classes.map(({ class: label }) => label)).toEqual([...VOC_CLASSES.keys()]);
    expect(listed.find(({ name }) => name === "torchvision/resnet50")?.classes).toEqual([]);
    expect(listed.find(({ name }) => name === NET)).toMatchObject({
      state: "not downloaded",
      url: `${standIn.server.base}/mirror/models/${FILE}`,
    });
    expect(sha256(readFileSync(listed[0]?.path ?? ""))).toBe(listed[0]?.sha256);
  });

  it("an empty file in the cache is not downloaded", async () => {
    const { path } = await placeOf(namedWeights(NET) as NamedWeights);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "");
    expect((await runCommand(weightsCommand)).out).toMatch(/fcn_resnet101 +218 MB +no /);
    rmSync(path);
  });

  it("weights NAME downloads it and names its place", async () => {
    const { code, out } = await runCommand(weightsCommand, NET, "icons");
    expect([code, out.split("\n").length]).toEqual([0, 8]);
    expect(out).toMatch(
      /fcn_resnet101 +218 MB +yes .*\nicons +6 MB +ships .*\n\n.*\nDownloaded:\n {2}\S+7ecb50ca\.pth\n$/s,
    );
    expect(standIn.asked).toHaveLength(1);
    await expect(runCommand(weightsCommand, "resnet18")).rejects.toThrow(
      /^weights: resnet18 is not one of photos, icons, tor/,
    );
  });

  it("segment, inspect and import take names", async () => {
    const segmented = await runCommand(segment, bird, "--weights", NET, "--out", standIn.cache);
    expect(segmented.code).toBe(0);
    expect(segmented.err).toMatch(/^fcn: torchvision\/fcn_resnet101 is fcn-webgpu ResNet-101: .*; runs as fcn8s\n/);
    expect(standIn.asked).toHaveLength(1);
    expect((await runCommand(inspect, NET)).out).toMatch(
      /^torchvision\/fcn_resnet101: PyTorch, zip \(since 1\.6\), 11/,
    );
    const out = join(standIn.cache, "out.safetensors");
    await runCommand(importCommand, NET, "--out", out);
    const metadata = await withCheckpoint(out, ({ metadata: own }) => Object.fromEntries(own));
    expect(metadata).toMatchObject({ source: PUBLISHED, license: "BSD-3-Clause", source_sha256: sha256(STAND_IN) });
    expect(standIn.asked).toHaveLength(1);
    expect((await runCommand(inspect, "icons")).out).toMatch(/^icons: safetensors, 5\.7 MB\n/);
  });

  it("compare takes names; photos is the default, also for results that are there", async () => {
    const options = ["--variants", "fcn8s", "--sizes", "none", "--json", "--out", join(standIn.cache, "compared")];
    const named = await runCommand(compare, bird, "--weights", NET, ...options);
    expect(JSON.parse(named.out)).toMatchObject({ weights: `${NET} (${STAND_IN.length} bytes)` });
    const before = await runCommand(compare, bird, ...options, "--fresh");
    const after = await runCommand(compare, bird, "--weights", "photos", ...options, "--resume");
    expect(JSON.parse(after.out)).toEqual(JSON.parse(before.out));
    expect(standIn.asked).toHaveLength(1);
  });

  it("bench knows the networks of names, and downloads before it measures", async () => {
    const { values } = parse(
      "bench",
      ["--weights", `icons,${NET}`, "--variants", "fcn8s,fcn-resnet101"],
      BENCH_OPTIONS,
    );
    const tasks = await modelTasks(await modelRequestOf(values));
    expect(tasks.map(({ weights, variant }) => [weights, variant])).toEqual([
      ["icons", "fcn8s"],
      [NET, "fcn-resnet101"],
    ]);
    expect(tasks[1]?.path).toMatch(/7ecb50ca\.pth$/);
    expect(standIn.asked).toHaveLength(1);
  });

  it("inspect fetches the parts of what is not there, and keeps nothing", async () => {
    standIn.server.answer = (request, response) => {
      const [, first = "0", last = "0"] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
      const part = STAND_IN.subarray(Number(first), Number(last) + 1);
      const range = `bytes ${first}-${Number(first) + part.length - 1}/${STAND_IN.length}`;
      response.writeHead(206, { "content-range": range }).end(part);
    };
    expect((await runCommand(inspect, NET)).out).toMatch(/\nfcn-webgpu ResNet-101: /);
    expect(standIn.inCache()).toEqual([]);
  });

  it.each([segment, inspect, importCommand])("$name refuses a misspelt name before any work", async (command) => {
    const before: Partial<Record<string, string[]>> = {
      segment: [bird, "--weights"],
      import: ["--out", join(standIn.cache, "x.safetensors")],
    };
    const rest = before[command.name] ?? [];
    const sentence = new RegExp(
      `^${command.name}: torchvision/resnet_50: there is no such .* is torchvision/resnet50 `,
    );
    const run = runCommand(command, ...rest, "torchvision/resnet_50");
    await expect(run).rejects.toThrow(sentence);
    await expect(run).rejects.toMatchObject({ name: "UsageError" });
  });
});
