/** `--state-dict` of import, inspect and segment, and what they do with an index of several files. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { importFile } from "../src/cli/import.js";
import { inspect } from "../src/cli/inspect.js";
import { SEGMENT_OPTIONS, loadOptionsOf } from "../src/cli/segment-options.js";
import { parse } from "../src/cli/command.js";
import { hashedFile } from "./helpers/hashed-checkpoint.js";
import { prefixed, torchvision } from "./helpers/naming-schemes.js";

let folder = "";
let twins = "";
let index = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "fcn-twins-"));
  twins = join(folder, "twins.safetensors");
  index = join(folder, "one.safetensors.index.json");
  const both = [...prefixed("student.", torchvision), ...prefixed("teacher.", torchvision)];
  writeFileSync(twins, await hashedFile(both));
  writeFileSync(join(folder, "one.safetensors"), await hashedFile(torchvision));
  const map = Object.fromEntries(torchvision.map(({ name }) => [name, "one.safetensors"]));
  writeFileSync(index, JSON.stringify({ weight_map: map }));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("import refuses two networks, and takes the one that is asked for", async () => {
  const out = join(folder, "out.safetensors");
  await expect(importFile(twins, out)).rejects.toThrow(/more than one network .* \(--state-dict student\)$/);
  const report = await importFile(twins, out, { stateDict: "teacher" });
  expect(report).toMatchObject({ tensors: torchvision.length, dropped: [] });
});

test("import reads the files of an index", async () => {
  const report = await importFile(index, join(folder, "joined.safetensors"));
  expect(report).toMatchObject({ tensors: torchvision.length, source: basename(index) });
});

test("inspect takes both", async () => {
  expect(await inspect.run([twins, "--state-dict", "student"])).toBe(0);
  expect(await inspect.run([index, "--json"])).toBe(0);
  await expect(inspect.run([twins, "--state-dict", "tutor"])).rejects.toThrow(/lie under "tutor"/);
});

test("segment passes the option on", () => {
  const { values } = parse("segment", ["--state-dict", "ema", "--weights", "x.pth"], SEGMENT_OPTIONS);
  expect(loadOptionsOf(values)).toMatchObject([{ weights: "x.pth", stateDict: "ema" }]);
});
