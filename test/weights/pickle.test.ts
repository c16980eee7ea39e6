/** The pickle interpreter on hand-made programs: old and rare forms, and names that are not on the list. */

import { describe, expect, test } from "vitest";
import { openCheckpoint } from "../../src/weights/open.js";
import { bufferSource } from "../../src/weights/source.js";
import { refusal } from "./fixtures.js";
import { concat, floats } from "./make-bytes.js";
import { P } from "./make-pickle.js";
import { makeLegacy, makePth } from "./make-pth.js";

const data = { "0": floats(1, 2, 3, 4) };
const storage = P.storage("FloatStorage", "0", 4);
const tensor = P.tensor(storage, 0, [4], [1]);
const utils = (name: string): Uint8Array => P.global("torch._utils", name);

async function values(bytes: Uint8Array, name = "w"): Promise<number[]> {
  return [...(await (await openCheckpoint(bufferSource(bytes))).read(name))];
}

describe("old and rare forms that are read", () => {
  const parameter = P.global("torch.nn.parameter", "Parameter");
  const untyped = concat(
    P.tuple(P.str("storage"), P.global("torch.storage", "UntypedStorage"), P.str("0"), P.str("cpu"), P.int(16)),
    [0x51],
  );
  const forms: Record<string, Uint8Array> = {
    "Parameter of PyTorch 0.1": P.dict({
      w: P.build(P.call(parameter, tensor), P.tuple(P.raw(0x88), P.false, P.dict({}))),
    }),
    "Parameter made empty, its data set later": P.dict({
      w: P.build(P.make(parameter), P.tuple(tensor, P.none, P.dict({}), P.raw(0x88), P.false)),
    }),
    "_rebuild_tensor of 0.2": P.dict({
      w: P.call(utils("_rebuild_tensor"), storage, P.int(0), P.call(P.global("torch", "Size"), P.ints(4)), P.ints(1)),
    }),
    "_rebuild_tensor_v3 over an untyped storage": P.dict({
      w: P.call(
        utils("_rebuild_tensor_v3"),
        untyped,
        P.int(0),
        P.ints(4),
        P.ints(1),
        P.false,
        P.none,
        P.global("torch", "float32"),
        P.dict({}),
      ),
    }),
    "a tensor with attributes": P.dict({
      w: P.call(
        P.global("torch._tensor", "_rebuild_from_type_v2"),
        utils("_rebuild_tensor_v2"),
        P.global("torch", "Tensor"),
        P.tuple(storage, P.int(0), P.ints(4), P.ints(1), P.false, P.none),
        P.dict({}),
      ),
    }),
    "OrderedDict of Python 2": P.call(
      P.global("collections", "OrderedDict"),
      P.list(P.list(concat([0x55, 1], [0x77]), tensor)),
    ),
    "GPU storage and long integers": P.dict({
      w: P.tensor(P.storage("FloatStorage", "0", 4), 0, [4], [1]),
      n: P.long(-5n),
      m: P.long(2n ** 62n),
    }),
    "arguments, numpy scalars, counters beside the weights": P.dict({
      args: P.build(
        P.make(P.global("argparse", "Namespace")),
        P.dict({ lr: concat([0x47], [0x3f, 0xf0, 0, 0, 0, 0, 0, 0]) }),
      ),
      best: P.call(
        P.global("numpy._core.multiarray", "scalar"),
        P.call(P.global("numpy", "dtype"), P.str("f8"), P.false),
        P.call(P.global("_codecs", "encode"), P.str("x"), P.str("latin1")),
      ),
      milestones: P.call(P.global("collections", "Counter"), P.dict({})),
      device: P.call(P.global("torch", "device"), P.str("cuda")),
      set: concat([0x8f, 0x28], P.int(1), [0x90]),
      model: P.dict({ w: tensor }),
    }),
    "under a key of its own": P.dict({ generator: P.dict({ w: tensor }), epoch: P.int(3) }),
    "two levels down": P.dict({ model: P.dict({ state_dict: P.dict({ "module._orig_mod.w": tensor }) }) }),
    "the later of equal keys counts": concat([0x7d, 0x28], P.str("w"), P.none, P.str("w"), tensor, [0x75]),
  };
  for (const [name, object] of Object.entries(forms)) {
    test(name, async () => expect(await values(makePth(object, data))).toEqual([1, 2, 3, 4]));
  }
  test("a view of a storage in the legacy stream", async () => {
    const view = P.storage("FloatStorage", "7", 4, P.tuple(P.str("8"), P.int(1), P.int(2)));
    const file = (shape: number): Uint8Array =>
      makeLegacy(P.dict({ w: P.tensor(view, 0, [shape], [1]) }), { "7": [4, floats(1, 2, 3, 4)] });
    expect(await values(file(2))).toEqual([2, 3]);
    expect(await refusal(file(3), "x.pth")).toMatch(/\[3\] reaches to byte 12 of a storage of 8 bytes/);
  });
});

describe("names that are not on the list are named, in every way to write them", () => {
  const programs: Record<string, Uint8Array> = {
    GLOBAL: P.call(P.global("os", "system"), P.str("touch pwned")),
    STACK_GLOBAL: concat(P.str("os"), P.str("system"), [0x93]),
    "hidden among optimizer state": P.dict({ w: tensor, x: P.list(P.global("os", "system")) }),
  };
  for (const [name, object] of Object.entries(programs)) {
    test(name, async () =>
      expect(await refusal(makePth(object, data), "x.pth")).toMatch(
        /refers to os\.system, which is not among the \d+ harmless/,
      ),
    );
  }
  test("control characters in a name do not reach the terminal", async () => {
    expect(await refusal(makePth(P.global("a\u001b[31m", "b\u0000"), data), "x.pth")).toContain(
      "a\\u001b[31m.b\\u0000",
    );
  });
  for (const path of [
    ["builtins", "eval"],
    ["builtins", "getattr"],
    ["torch", "load"],
    ["torch.nn.modules.conv", "Conv2d"],
    ["__proto__", "constructor"],
  ] as const) {
    test(path.join("."), async () =>
      expect(await refusal(makePth(P.global(path[0], path[1]), data), "x.pth")).toContain(
        `refers to ${path.join(".")}`,
      ),
    );
  }
});
