/** `fcn import` as a library function: round trips, labels, complete files or none, bad inputs. */
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { hashedTensor, torchvisionFcnTensors } from "../bench/hashed-weights.js";
import { importFile } from "../src/cli/import.js";
import type { ImportOptions } from "../src/cli/import.js";
import { FCN_VARIANTS, loadFcn } from "../src/node.js";
import type { FcnVariant } from "../src/node.js";
import { iconsCheckpointUrl } from "../src/weights/default-checkpoint.js";
import { BIG_FILES, writeBigCheckpoints } from "./helpers/big-checkpoints.js";
import { useDevice } from "./helpers/device.js";
import { agreement, referencePictures } from "./helpers/reference-maps.js";
import { withCheckpoint, writeTensors } from "./helpers/small-checkpoint.js";
import type { Tensors } from "./helpers/small-checkpoint.js";
import { fixturePath } from "./weights/fixtures.js";

const device = useDevice();
const SHIPPED = fileURLToPath(iconsCheckpointUrl());
const PTH = fixturePath("fcn-resnet101-w16.pth");
const root = mkdtempSync(join(tmpdir(), "fcn-import-"));
afterAll(() => rmSync(root, { recursive: true }));
let folder = "";
let out = "";
beforeEach(() => {
  folder = mkdtempSync(join(root, "test-"));
  out = join(folder, "out.safetensors");
});

/** A digest of each tensor's float32 numbers, by name. */
const valuesOf = (path: string): Promise<Record<string, string>> =>
  withCheckpoint(path, async (checkpoint) => {
    const values: Record<string, string> = {};
    for (const name of [...checkpoint.tensors.keys()].filter((n) => !n.endsWith("num_batches_tracked")).sort()) {
      values[name] = createHash("sha256")
        .update(await checkpoint.read(name))
        .digest("hex");
    }
    return values;
  });

/** A safetensors file of these tensors in the test's folder. */
const written = (name: string, tensors: Tensors): Promise<string> => writeTensors(join(folder, name), tensors);

/** The shipped checkpoint with one tensor changed. */
function changed(name: string, change: (values: Float32Array) => void): Promise<string> {
  return withCheckpoint(SHIPPED, async (checkpoint) => {
    const tensors: Tensors = {};
    for (const { name: key, shape } of checkpoint.tensors.values()) {
      const data = await checkpoint.read(key);
      if (key === name) change(data);
      tensors[key] = { shape, data };
    }
    return written("changed.safetensors", tensors);
  });
}

describe("round trips", () => {
  test("tensor names of other libraries become this library's", async () => {
    const torchvision = (name: string): string => name.replace(/^backbone\./, "");
    const tensors: Tensors = {};
    await withCheckpoint(SHIPPED, async (checkpoint) => {
      for (const { name, shape } of checkpoint.tensors.values())
        if (name.startsWith("backbone.")) tensors[torchvision(name)] = { shape, data: await checkpoint.read(name) };
    });
    const report = await importFile(
      await written("resnet101.safetensors", {
        ...tensors,
        "fc.weight": { shape: [10, 512], data: new Float32Array(5120) },
      }),
      out,
    );
    expect(report).toMatchObject({
      architecture: expect.stringMatching(/resnet101: backbone only/) as string,
      dropped: ["fc.weight"],
    });
    const shipped = Object.entries(await valuesOf(SHIPPED)).filter(([name]) => name.startsWith("backbone."));
    expect(await valuesOf(out)).toEqual(Object.fromEntries(shipped));
  });

  test("a .pth in f32 holds the same numbers, and says where it came from", async () => {
    const report = await importFile(PTH, out);
    const sha256 = createHash("sha256").update(readFileSync(PTH)).digest("hex");
    expect(report).toMatchObject({
      source: "fcn-resnet101-w16.pth",
      sha256,
      dtype: "f32",
      folded: false,
      tensors: 535,
    });
    expect(await valuesOf(out)).toEqual(await valuesOf(PTH));
    expect(report.bytes).toBe(readFileSync(out).length);
    const metadata = await withCheckpoint(out, ({ metadata: own }) => Object.fromEntries(own));
    expect(metadata).toMatchObject({
      source: "fcn-resnet101-w16.pth",
      source_sha256: sha256,
      source_container: "pth-zip",
      dtype: "f32",
      batch_norm: "separate",
      license: "unknown",
      imported_by: expect.stringMatching(/^fcn-webgpu \d+\.\d+\.\d+/) as string,
      imported_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
    });
  });

  test("importing the result again changes the provenance only", async () => {
    await importFile(SHIPPED, out, { dtype: "f16" });
    const again = join(folder, "again.safetensors");
    await importFile(out, again, { dtype: "f16" });
    // The shipped weights are float16 and float32 already.
    expect(await valuesOf(again)).toEqual(await valuesOf(SHIPPED));
  });

  test("f16 is for weights only; progress ends at the size of the file", async () => {
    const seen: number[] = [];
    await importFile(PTH, out, { dtype: "f16", onProgress: ({ loaded }) => seen.push(loaded) });
    expect(seen.at(-1)).toBe(readFileSync(out).length);
    const kinds = await withCheckpoint(out, ({ tensors }) =>
      [...tensors.values()].map(({ dtype, shape }) => `${dtype} ${shape.length}`),
    );
    expect(new Set(kinds)).toEqual(new Set(["f32 1", "f16 4"]));
  });
});

describe("labels", () => {
  const pictures = referencePictures("samples");
  test.each<[string, readonly FcnVariant[], ImportOptions]>([
    ["folded", ["fcn8s"], { foldBatchNorm: true }],
    ["f16", ["fcn8s"], { dtype: "f16" }],
    ["folded f16", FCN_VARIANTS, { foldBatchNorm: true, dtype: "f16" }],
  ])("%s: >= 99.9 % as from the original with %s", async (_, variants, options) => {
    await importFile(PTH, out, options);
    for (const variant of variants) {
      const [original, imported] = await Promise.all(
        [PTH, out].map((weights) => loadFcn({ variant, weights, device: device(), maxPlans: 1 })),
      );
      if (!original || !imported) throw new Error("two networks were asked for");
      for (const { name, picture } of pictures) {
        const [a, b] = [await original.segment(picture), await imported.segment(picture)];
        expect(agreement(a.labels, b.labels), `${variant} ${name}`).toBeGreaterThanOrEqual(0.999);
      }
      original.dispose();
      imported.dispose();
    }
  });
});

test("full size: fcn_resnet101 of 54 million hashed weights, in f16, gives >= 99.9 % of the f32 labels", async () => {
  writeBigCheckpoints(folder, torchvisionFcnTensors(), ({ name, shape }) => hashedTensor(name, shape));
  const original = join(folder, BIG_FILES["pth-legacy"]);
  await importFile(original, out, { dtype: "f16" });
  const [sample] = referencePictures("samples");
  if (!sample) throw new Error("samples/ is empty");
  const maps: Uint8Array[] = [];
  for (const weights of [original, out]) {
    const fcn = await loadFcn({ weights, device: device(), resize: 128, maxPlans: 1 });
    maps.push((await fcn.segment(sample.picture)).labels);
    fcn.dispose();
  }
  const [f32 = new Uint8Array(), f16 = new Uint8Array()] = maps;
  expect(new Set(f32).size).toBeGreaterThan(3); // not all background, which would prove nothing
  expect(agreement(f32, f16)).toBeGreaterThanOrEqual(0.999);
  rmSync(folder, { recursive: true });
});

describe("a complete file or none", () => {
  const refused = async (
    path: string,
    sentence: RegExp,
    options: ImportOptions = {},
    code = "bad-weights",
  ): Promise<void> => {
    const before = readdirSync(folder);
    await expect(importFile(path, out, options)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(sentence) as string,
    });
    expect(readdirSync(folder)).toEqual(before);
  };

  test("a value beyond float16 names its tensor and leaves no file", async () => {
    const path = await changed("backbone.layer3.7.conv2.weight", (values) => (values[5] = 70000));
    await refused(path, /"backbone\.layer3\.7\.conv2\.weight" holds 70000, beyond float16's 65504/, { dtype: "f16" });
    await expect(importFile(path, out)).resolves.toMatchObject({ dtype: "f32" });
  });

  test("a failed import leaves the file that was there before", async () => {
    copyFileSync(SHIPPED, out);
    await refused(fixturePath("bad-truncated.pth"), /./);
    expect(readFileSync(out).equals(readFileSync(SHIPPED))).toBe(true);
  });

  test("bad inputs", async () => {
    await refused(join(folder, "none.pth"), /there is no such file/);
    await refused(fixturePath("bad-code.pth"), /./);
    await refused(fixturePath("bad-text.pth"), /bad-text\.pth: /);
    await refused(folder, /directory/);
    await refused(
      await written("other.safetensors", { "encoder.weight": { shape: [1], data: [1] } }),
      /"encoder\.weight"\) are not a backbone's;/,
    );
    await refused(await written("empty.safetensors", {}), /are not a backbone's;/);
    await expect(importFile(PTH, join(folder, "no", "folder.safetensors"))).rejects.toMatchObject({
      code: "bad-option",
    });
  });

  test("the input is never overwritten", async () => {
    copyFileSync(SHIPPED, out);
    await refused(out, /is the file to import/, {}, "bad-option");
    expect(existsSync(out)).toBe(true);
  });
});
