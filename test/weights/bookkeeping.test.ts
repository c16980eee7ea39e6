/** Values beside the weights, kept unread: what PyTorch's weights_only reader allows, classes of training scripts. */
import { describe, expect, test } from "vitest";
import { openCheckpoint } from "../../src/weights/open.js";
import { bufferSource } from "../../src/weights/source.js";
import { refusal, safetensorsBytes } from "./fixtures.js";
import { concat, floats } from "./make-bytes.js";
import { P } from "./make-pickle.js";
import { makeLegacy, makePth } from "./make-pth.js";

const storage = P.storage("FloatStorage", "0", 4);
const tensor = P.tensor(storage, 0, [4], [1]);
const data = { "0": floats(1, 2, 3, 4) };
const utils = (name: string): Uint8Array => P.global("torch._utils", name);
const empty = P.tuple();
const layout = P.call(P.global("torch.serialization", "_get_layout"), P.str("torch.sparse_coo"));
const sparse = P.call(utils("_rebuild_sparse_tensor"), layout, P.tuple(tensor, tensor, P.ints(4), P.false));

const VALUES: Record<string, Uint8Array> = {
  "a complex number": P.call(P.global("__builtin__", "complex"), P.int(1), P.int(2)),
  "a bytearray": P.call(P.global("builtins", "bytearray"), P.str("x"), P.str("latin1")),
  "a sparse tensor": sparse,
  "a sparse parameter": P.call(utils("_rebuild_parameter"), sparse, P.false, P.none),
  "a quantised tensor": P.call(
    utils("_rebuild_qtensor"),
    P.storage("QInt8Storage", "0", 16),
    P.int(0),
    P.ints(4),
    P.ints(1),
    P.tuple(P.global("torch", "per_tensor_affine"), P.int(1), P.int(0)),
    P.false,
    P.none,
  ),
  "a tensor of a class of its own": P.call(
    P.global("torch._tensor", "_rebuild_from_type_v2"),
    utils("_rebuild_sparse_tensor"),
    P.global("torchvision.tv_tensors._mask", "Mask"),
    P.tuple(layout, P.tuple()),
    P.dict({}),
  ),
  PosixPath: P.call(P.global("pathlib", "PosixPath"), P.str("out"), P.str("best.pth")),
  TorchVersion: P.make(P.global("torch.torch_version", "TorchVersion"), P.str("2.9.0")),
  AttributeDict: concat(
    P.make(P.global("pytorch_lightning.utilities.parsing", "AttributeDict")),
    [0x28],
    P.str("lr"),
    P.int(1),
    [0x75],
  ),
  HistoryBuffer: P.build(
    P.make(P.global("mmengine.logging.history_buffer", "HistoryBuffer")),
    P.dict({ _log_history: P.none }),
  ),
  OneCycleLR: P.build(P.make(P.global("torch.optim.lr_scheduler", "OneCycleLR")), P.dict({ total_steps: P.int(9) })),
  "a deque": concat(P.call(P.global("collections", "deque"), P.list(), P.int(9)), [0x28], P.int(1), [0x65]),
  "a class with keyword arguments": concat(P.global("omegaconf.dictconfig", "DictConfig"), empty, P.dict({}), [0x92]),
};

describe("beside the weights", () => {
  test.each(Object.entries(VALUES))("%s is kept unread", async (_, value) => {
    for (const object of [P.dict({ x: value, model: P.dict({ w: tensor }) }), P.dict({ w: tensor, x: value })]) {
      const checkpoint = await openCheckpoint(bufferSource(makePth(object, data)));
      expect([...checkpoint.tensors.keys()]).toEqual(["w"]);
      expect([...(await checkpoint.read("w"))]).toEqual([1, 2, 3, 4]);
    }
  });

  test.each([
    ["subprocess", "Popen"],
    ["torch.hub", "load"],
    ["torch.optim.lr_scheduler", "warnings.warn"],
    ["numpy.testing._private.utils", "runstring"],
    ["torch.optimx", "SGD"],
    ["builtins", "getattr"],
    ["types", "CodeType"],
  ])("%s.%s stays refused by its name", async (module, name) => {
    const object = P.dict({ w: tensor, x: P.global(module, name) });
    expect(await refusal(makePth(object, data), "x.pth")).toContain(`refers to ${module}.${name}, which is not among`);
  });
});

describe("formats that no network needs", () => {
  const complex = P.tensor(P.storage("ComplexFloatStorage", "1", 2), 0, [2], [1]);
  const object = P.dict({ w: tensor, z: complex });
  const files: Record<string, Uint8Array> = {
    zip: makePth(object, { ...data, "1": floats(1, 2, 3, 4) }),
    legacy: makeLegacy(object, { "0": [4, floats(1, 2, 3, 4)], "1": [2, floats(1, 2, 3, 4)] }),
  };
  test.each(Object.entries(files))("complex numbers in the %s form", async (_, file) => {
    const checkpoint = await openCheckpoint(bufferSource(file, "x.pth"));
    expect(checkpoint.tensors.get("z")).toEqual({ name: "z", shape: [2], dtype: "c64" });
    expect([...(await checkpoint.read("w"))]).toEqual([1, 2, 3, 4]);
    await expect(checkpoint.read("z")).rejects.toThrow(/^x\.pth: tensor "z" holds c64, which cannot be read; save it/);
  });

  test("in safetensors", async () => {
    const entry = (dtype: string, shape: string, from: number, to: number): string =>
      `"${dtype}":{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${from},${to}]}`;
    const list = [entry("F32", "1", 0, 4), entry("U64", "1", 4, 12), entry("F8_E4M3", "2", 12, 14)];
    const header = `{${[...list, entry("F4", "4", 14, 16), entry("F6_E2M3", "4", 16, 19)].join(",")}}`;
    const checkpoint = await openCheckpoint(bufferSource(safetensorsBytes(header, 19), "x"));
    expect(checkpoint.tensors.size).toBe(5);
    expect(await checkpoint.read("F32")).toHaveLength(1);
    await expect(checkpoint.read("F4")).rejects.toThrow(/tensor "F4" holds f4, which cannot be read/);
    const short = `{${entry("U32", "2", 0, 4)}}`;
    expect(await refusal(safetensorsBytes(short, 4), "x")).toMatch(/"U32" U32 \[2\] needs 8 bytes/);
  });
});
