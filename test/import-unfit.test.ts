/** `fcn import` of what no network can load, and over its own input. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { hashedTensor, torchvisionFcnTensors } from "../bench/hashed-weights.js";
import { importFile } from "../src/cli/import.js";
import { writeTensors } from "./helpers/small-checkpoint.js";
import type { Tensors } from "./helpers/small-checkpoint.js";

const root = mkdtempSync(join(tmpdir(), "fcn-import-unfit-"));
afterAll(() => rmSync(root, { recursive: true }));
let folder = "";
let out = "";
beforeEach(() => {
  folder = mkdtempSync(join(root, "test-"));
  out = join(folder, "out.safetensors");
});

const written = (name: string, tensors: Tensors): Promise<string> => writeTensors(join(folder, name), tensors);

describe("a result that no network can load", () => {
  const warningFor = async (tensors: Tensors): Promise<string | undefined> => {
    let warning: string | undefined;
    await importFile(await written("in.safetensors", tensors), out, { onWarning: (text) => (warning = text) });
    return warning;
  };
  const backbone = (change: (tensors: Tensors) => void): Tensors => {
    const tensors: Tensors = {};
    for (const { name, shape } of torchvisionFcnTensors(2, 4, 50)) {
      if (!name.startsWith("backbone.") || name.endsWith("num_batches_tracked")) continue;
      tensors[name.replace("backbone.", "")] = { shape, data: hashedTensor(name, shape) };
    }
    change(tensors);
    return tensors;
  };

  test("is said: layers that are not expected, and other shapes", async () => {
    expect(await warningFor(backbone(() => undefined))).toBeUndefined();
    const extra = { shape: [2, 4, 1, 1], data: new Float32Array(8) };
    expect(await warningFor(backbone((tensors) => (tensors["layer1.0.gate.weight"] = extra)))).toBe(
      "no network can load the result: backbone.layer1.0.gate.weight is not expected; fcn inspect shows all",
    );
    const grey = { shape: [4, 1, 7, 7], data: new Float32Array(196) };
    expect(await warningFor(backbone((tensors) => (tensors["conv1.weight"] = grey)))).toMatch(
      /^no network can load the result: backbone\.conv1\.weight is \[4,1,7,7\], needed /,
    );
  });
});

test("the result cannot replace a file of its index", async () => {
  const names = ["conv1.weight", "layer1.0.conv1.weight"];
  await written("part.safetensors", Object.fromEntries(names.map((name) => [name, { shape: [1], data: [1] }])));
  const index = join(folder, "x.safetensors.index.json");
  writeFileSync(index, JSON.stringify({ weight_map: Object.fromEntries(names.map((n) => [n, "part.safetensors"])) }));
  const part = join(folder, "part.safetensors");
  await expect(importFile(index, part)).rejects.toThrow(/part\.safetensors is the file to import, or one of them;/);
  rmSync(part);
  await expect(importFile(index, out)).rejects.toThrow(
    /index\.json: a file that the index names cannot be opened: .*part\.safetensors: there is no such file$/,
  );
});
