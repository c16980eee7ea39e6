/** Of several dictionaries in a file the one that holds a ResNet; of several ResNets the one that is asked for. */
import { describe, expect, test } from "vitest";
import type { Checkpoint } from "../../src/weights/checkpoint.js";
import { recognise } from "../../src/weights/names.js";
import { openCheckpoint } from "../../src/weights/open.js";
import { bufferSource } from "../../src/weights/source.js";
import { hashedFile } from "../helpers/hashed-checkpoint.js";
import { bare, prefixed } from "../helpers/naming-schemes.js";
import { concat, floats } from "./make-bytes.js";
import { P } from "./make-pickle.js";
import { makePth } from "./make-pth.js";

const tensor = P.tensor(P.storage("FloatStorage", "0", 4), 0, [4], [1]);
const data = { "0": floats(1, 2, 3, 4) };
const resnet = P.dict({ "backbone.layer1.0.conv1.weight": tensor });
const other = P.dict({ a: tensor, b: tensor, c: tensor });
const open = (object: Uint8Array, stateDict?: string): Promise<Checkpoint> =>
  openCheckpoint(bufferSource(makePth(object, data), "x.pth"), { stateDict });

describe("the one that holds a ResNet", () => {
  const cases: Record<string, [Uint8Array, string | undefined]> = {
    "beside a larger one": [P.dict({ discriminator: other, generator: resnet }), "generator"],
    "beside a larger one under a usual key": [P.dict({ model: other, teacher: resnet }), "teacher"],
    "in a tuple": [P.tuple(P.int(3), resnet), "1"],
    "in a list of checkpoints": [P.list(other, P.dict({ ema: resnet })), "1.ema"],
    "at the top, beside an optimizer": [concat(resnet, P.str("optimizer"), P.dict({ m: tensor }), [0x73]), undefined],
    "under two keys": [
      concat([0x7d], P.str("model"), resnet, [0x71, 9, 0x73], P.str("best"), [0x68, 9, 0x73]),
      "model",
    ],
  };
  test.each(Object.entries(cases))("%s", async (_, [object, path]) => {
    const checkpoint = await open(object);
    expect([...checkpoint.tensors.keys()]).toEqual(["backbone.layer1.0.conv1.weight"]);
    expect(checkpoint.metadata.get("state_dict")).toBe(path);
  });
});

describe("several ResNets", () => {
  const two = P.dict({ model: resnet, epoch: P.int(1), averages: P.dict({ ema: resnet }) });

  test("are named, with the option that chooses", async () => {
    await expect(open(two)).rejects.toThrow(
      'x.pth: it holds more than one network (under "model", "averages.ema"); choose one with stateDict: "model" ' +
        "(--state-dict model)",
    );
    await expect(open(two, "none")).rejects.toThrow(/\(under "model", "averages\.ema"\), none under "none"; choose/);
  });

  test.each(["model", "averages.ema"])("%s is chosen", async (path) => {
    expect((await open(two, path)).metadata.get("state_dict")).toBe(path);
  });

  test("in one dictionary or in safetensors are chosen by the start of their names", async () => {
    const bytes = await hashedFile([...prefixed("student.", bare), ...prefixed("teacher.", bare)]);
    await expect(openCheckpoint(bufferSource(bytes, "x")).then(recognise)).rejects.toThrow(
      /more than one network \(under "student\.", "teacher\."\); choose one with stateDict: "student"/,
    );
    const chosen = await openCheckpoint(bufferSource(bytes, "x"), { stateDict: "teacher" });
    expect([...chosen.tensors.keys()]).toEqual(bare.map(({ name }) => name));
    expect(recognise(chosen).description).toMatch(/backbone only/);
    await expect(openCheckpoint(bufferSource(bytes, "x"), { stateDict: "tutor" })).rejects.toThrow(
      /^x: no dictionary and no tensors lie under "tutor"; it has "student\.conv1\.weight", /,
    );
  });
});

describe("a path of keys, then the start of names", () => {
  const pair = P.dict({ "student.layer1.0.conv1.weight": tensor, "teacher.layer1.0.conv1.weight": tensor });
  const file = P.dict({ state_dict: pair, ema: resnet });

  test("the cure of each error works", async () => {
    await expect(open(file)).rejects.toThrow(/\(under "state_dict", "ema"\); choose one with stateDict: "state_dict" /);
    await expect(open(file, "state_dict").then(recognise)).rejects.toThrow(
      /\(under "state_dict\.student\.", "state_dict\.teacher\."\); choose one with stateDict: "state_dict\.student" /,
    );
    const chosen = await open(file, "state_dict.student");
    expect([...chosen.tensors.keys()]).toEqual(["layer1.0.conv1.weight"]);
  });

  test("of several paths the longest with such names is meant", async () => {
    const nested = P.dict({ a: P.dict({ "b.layer1.0.conv1.weight": tensor, b: P.dict({ z: tensor }) }) });
    expect([...(await open(nested, "a.b")).tensors.keys()]).toEqual(["z"]);
    expect([...(await open(nested, "a.b.layer1")).tensors.keys()]).toEqual(["0.conv1.weight"]);
  });

  test("a network that is there twice, with and without a wrapper", async () => {
    const twice = P.dict({ "module.layer1.0.conv1.weight": tensor, "layer1.0.conv1.weight": tensor });
    await expect(open(twice).then(recognise)).rejects.toThrow(
      /both map to backbone\.layer1\.0\.conv1\.weight; choose one with stateDict: "module" \(--state-dict module\)$/,
    );
    expect([...(await open(twice, "module")).tensors.keys()]).toEqual(["layer1.0.conv1.weight"]);
  });
});

test("entries that are no dense tensors are counted", async () => {
  const sparse = P.call(P.global("torch._utils", "_rebuild_sparse_tensor"), P.none);
  await expect(open(P.dict({ "layer1.0.conv1.weight": sparse, "layer1.0.bn1.weight": tensor }))).rejects.toThrow(
    /^x\.pth: 1 of the 2 entries of its state dict are no dense tensors, but .* \("layer1\.0\.conv1\.weight"\); save/,
  );
  const beside = P.dict({ model: resnet, masks: P.dict({ "layer1.0.conv1.weight": sparse }) });
  expect((await open(beside)).metadata.get("state_dict")).toBe("model");
});

test("one dictionary under very many keys is mapped once", async () => {
  let writes = 0;
  const keys = Array.from({ length: 20_000 }, (_, i) => concat(P.str(`k${i}`), [0x68, 9]));
  const object = concat([0x7d], P.str("first"), other, [0x71, 9, 0x73], [0x28], ...keys, [0x75]);
  type SetValue = (this: Map<unknown, unknown>, key: unknown, value: unknown) => Map<unknown, unknown>;
  const set = Reflect.get(Map.prototype, "set") as SetValue;
  Map.prototype.set = function count(key, value) {
    writes++;
    return set.call(this, key, value);
  };
  try {
    expect((await open(object)).tensors.size).toBe(3);
  } finally {
    Map.prototype.set = set;
  }
  expect(writes).toBeLessThan(200); // once for each of its tensors, not once for each key
});
