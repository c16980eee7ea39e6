/** Checkpoints in several safetensors files with an index. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSource } from "../../src/node.js";
import { openCheckpoint } from "../../src/weights/open.js";
import { writeSafetensors } from "../../src/weights/safetensors-writer.js";
import { bufferSource } from "../../src/weights/source.js";
import { writeTensors } from "../helpers/small-checkpoint.js";

let folder = "";
let index = "";
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "fcn-shards-"));
  index = join(folder, "model.safetensors.index.json");
  await writeTensors(join(folder, "model-1.safetensors"), {
    a: { shape: [3], data: [1, 2, 3] },
    b: { shape: [], data: [4] },
  });
  await writeTensors(join(folder, "model-2.safetensors"), { c: { shape: [2, 2], data: [5, 6, 7, 8] } });
  writeIndex({ a: "model-1.safetensors", b: "model-1.safetensors", c: "model-2.safetensors" });
});
afterEach(() => rmSync(folder, { recursive: true }));

const writeIndex = (map: unknown): void => writeFileSync(index, JSON.stringify({ metadata: {}, weight_map: map }));

test("are read as one file, in Node", async () => {
  const checkpoint = await openCheckpoint(await openSource(index));
  expect([...checkpoint.tensors.values()]).toEqual([
    expect.objectContaining({ name: "a", shape: [3], dtype: "f32" }),
    expect.objectContaining({ name: "b", shape: [] }),
    expect.objectContaining({ name: "c", shape: [2, 2] }),
  ]);
  for (const [name, values] of [
    ["a", [1, 2, 3]],
    ["b", [4]],
    ["c", [5, 6, 7, 8]],
  ] as const) {
    expect([...(await checkpoint.read(name))]).toEqual(values);
  }
  await checkpoint.close();
  await expect(checkpoint.read("a")).rejects.toThrow(/read after close/);
});

test("keep the metadata of their files: how a network was trained is told there", async () => {
  const tensor = { name: "c", shape: [2, 2], dtype: "f32", read: () => Float32Array.of(5, 6, 7, 8) } as const;
  const metadata = new Map([
    ["align_corners", "true"],
    ["classes", '["cat","dog"]'],
  ]);
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeSafetensors([tensor], metadata)) chunks.push(chunk);
  writeFileSync(join(folder, "model-2.safetensors"), Buffer.concat(chunks));
  const checkpoint = await openCheckpoint(await openSource(index));
  expect(checkpoint.metadata).toEqual(metadata);
  expect([...(await checkpoint.read("c"))]).toEqual([5, 6, 7, 8]);
  await checkpoint.close();
});

describe("are refused", () => {
  const opened = async (): Promise<unknown> => openCheckpoint(await openSource(index));

  test.each<[string, unknown, RegExp]>([
    [
      "a file elsewhere",
      { a: "../model-1.safetensors" },
      /names "\.\.\/model-1\.safetensors", which is no safetensors file/,
    ],
    ["a file of another kind", { a: "passwd" }, /names "passwd", which is no safetensors file beside it/],
    ["no text", { a: 3 }, /names "3", which is no safetensors file beside it/],
    ["no files", {}, /the index names 0 files, 1 to 1000 fit/],
    ["no map", null, /the index has no weight_map/],
    ["a missing file", { a: "model-3.safetensors" }, /model-3\.safetensors: there is no such file/],
    [
      "a tensor in another file",
      { a: "model-1.safetensors", b: "model-2.safetensors", c: "model-2.safetensors" },
      /"model-1\.safetensors" has the tensor "b", which the index puts elsewhere/,
    ],
  ])("with an index of %s", async (_, map, message) => {
    writeIndex(map);
    await expect(opened()).rejects.toThrow(message);
  });

  test("with tensors that no file has", async () => {
    writeIndex({
      a: "model-1.safetensors",
      b: "model-1.safetensors",
      c: "model-2.safetensors",
      d: "model-2.safetensors",
    });
    await expect(opened()).rejects.toThrow(/the index names 4 tensors, its files hold 3$/);
  });

  test("with a damaged file or index", async () => {
    writeFileSync(join(folder, "model-2.safetensors"), "nothing of the kind");
    await expect(opened()).rejects.toThrow(/model-2\.safetensors: its safetensors header claims/);
    writeFileSync(index, "{");
    await expect(opened()).rejects.toThrow(/is not JSON/);
  });

  test("where there are no paths, by what they are", async () => {
    const bytes = new TextEncoder().encode(
      '{"metadata": {"total_size": 32}, "weight_map": {"a": "model-1.safetensors"}}',
    );
    await expect(openCheckpoint(bufferSource(bytes, "x"))).rejects.toThrow(
      /^x: it is the index of a checkpoint in several safetensors files; give its path in Node/,
    );
  });
});
