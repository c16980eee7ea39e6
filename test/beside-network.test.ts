/** What lies beside a network in a checkpoint does not refuse it, and one line says what was ignored. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { HashedTensor } from "../bench/hashed-weights.js";
import { torchvisionNetwork } from "../src/models/torchvision.js";
import type { Checkpoint } from "../src/weights/checkpoint.js";
import { recognise } from "../src/weights/names.js";
import type { Recognised } from "../src/weights/names.js";
import { openCheckpoint } from "../src/weights/open.js";
import { Parameters } from "../src/weights/parameters.js";
import { bufferSource } from "../src/weights/source.js";
import { hashedCheckpoint } from "./helpers/hashed-checkpoint.js";
import { bare, prefixed, torchvision } from "./helpers/naming-schemes.js";

const bug = (name: string): Promise<Checkpoint> =>
  openCheckpoint(bufferSource(new Uint8Array(readFileSync(`test/fixtures/bugs/${name}`)), name));
/** Recognises the file and assembles its network from names and shapes. */
function assembled(file: Checkpoint): Recognised {
  const found = recognise(file);
  torchvisionNetwork(Parameters.of(found.checkpoint));
  return found;
}

describe("files of the wild", () => {
  it.each([
    ["ema_averaged.pth", /^torchvision fcn_resnet101: .*, 1 other tensor ignored \("n_averaged"\), 2 planes$/],
    ["backbone_compiled.pth", /^torchvision fcn_resnet101: dilated, 21 classes, without aux head, 2 planes$/],
    ["complex_number.pth", /^torchvision fcn_resnet101: dilated, 21 classes, without aux head, 2 planes$/],
    ["u32_side.safetensors", /^torchvision fcn_resnet101: .*, 1 other tensor ignored \(".*"\), 2 planes$/],
  ])("%s loads", async (name, description) => {
    const file = await bug(name);
    const found = assembled(file);
    expect(found.description).toMatch(description);
    for (const tensor of found.checkpoint.tensors.keys())
      expect(await found.checkpoint.read(tensor)).not.toContain(NaN);
  });

  it("a small file of one dictionary copied many times is refused", async () => {
    await expect(bug("od-90000x90000-deflated.pth")).rejects.toThrow(/its calls copy \d+ items/);
  });
});

describe("beside torchvision's network", () => {
  const extras: Record<string, readonly HashedTensor[]> = {
    "a loss": [{ name: "criterion.weight", shape: [21] }],
    "the state of a metric": [{ name: "val_iou.confmat", shape: [21, 21] }],
    "counters below the backbone": [{ name: "backbone.layer1.0.total_num_batches_tracked", shape: [] }],
    "a second head": [{ name: "depth_head.0.weight", shape: [8, 128, 3, 3] }],
  };
  it.each(Object.entries(extras))("%s is ignored", (_, extra) => {
    const found = assembled(hashedCheckpoint([...torchvision, ...extra]));
    expect(found.variants).toEqual(["fcn-resnet101"]);
    expect(found.ignored).toEqual(extra.map(({ name }) => name));
    expect(found.description).toContain(`1 other tensor ignored (${JSON.stringify(extra[0]?.name)})`);
  });

  it("an auxiliary head of other shapes is ignored", () => {
    const specs = torchvision.map((spec) =>
      spec.name === "aux_classifier.0.weight" ? { ...spec, shape: [16, 99, 3, 3] } : spec,
    );
    const found = assembled(hashedCheckpoint(specs));
    expect(found.aux).toBe(false);
    expect(found.description).toMatch(
      /without aux head, 7 other tensors ignored \("aux_classifier\.0\.weight", .*, \.\.\.\)/,
    );
  });

  it("an auxiliary head whose batch norm is folded is kept", () => {
    const specs = torchvision.flatMap((spec) => {
      if (spec.name === "aux_classifier.1.bias") return [{ ...spec, name: "aux_classifier.0.bias" }];
      return spec.name.startsWith("aux_classifier.1.") ? [] : [spec];
    });
    expect(assembled(hashedCheckpoint(specs)).aux).toBe(true);
  });

  it.each(["backbone._orig_mod.", "backbone.module.", "_orig_mod.backbone.module."])(
    "names that begin with %s",
    (prefix) => {
      const specs = torchvision.map(({ name, shape }) => ({ name: name.replace(/^backbone\./, prefix), shape }));
      expect(assembled(hashedCheckpoint(specs)).ignored).toEqual([]);
    },
  );
});

describe("beside a bare backbone", () => {
  it("counters of other names are ignored", () => {
    const found = recognise(hashedCheckpoint([...bare, { name: "n_averaged", shape: [] }]));
    expect(found.ignored).toEqual(["n_averaged"]);
    expect([...found.checkpoint.tensors.keys()]).toEqual(prefixed("backbone.", bare).map(({ name }) => name));
  });

  it("a head of another kind is not called a backbone only", () => {
    const head = { name: "decode_head.conv_seg.weight", shape: [21, 8, 1, 1] };
    const { description } = recognise(hashedCheckpoint([...prefixed("backbone.", bare), head]));
    expect(description).toMatch(
      /: beside a head that is not an FCN's \("decode_head\.conv_seg\.weight"\), 1 other tensor/,
    );
    expect(description).not.toContain("backbone only");
  });
});

describe("pruned weights", () => {
  const name = "backbone.layer1.0.conv1.weight";
  const specs = torchvision.flatMap((spec) =>
    spec.name === name ? [`${name}_orig`, `${name}_mask`].map((part) => ({ ...spec, name: part })) : [spec],
  );
  const values = (part: string, shape: readonly number[]): Float32Array =>
    new Float32Array(shape.reduce((a, b) => a * b, 1)).map((_, i) => (part.endsWith("_mask") ? i % 2 : i));

  it("are the original times the mask", async () => {
    const { checkpoint, ignored } = assembled(hashedCheckpoint(specs, values));
    expect(ignored).toEqual([]);
    expect([...(await checkpoint.read(name))].slice(0, 6)).toEqual([0, 1, 0, 3, 0, 5]);
    expect([...(await checkpoint.readFloat64(name))].slice(0, 6)).toEqual([0, 1, 0, 3, 0, 5]);
  });

  it("are left as they are where the mask does not fit", () => {
    const bent = specs.map((spec) => (spec.name.endsWith("_mask") ? { ...spec, shape: [1] } : spec));
    expect(() => assembled(hashedCheckpoint(bent))).toThrow(
      /1 missing \(backbone\.layer1\.0\.conv1\.weight\); 2 unexpected/,
    );
  });
});
