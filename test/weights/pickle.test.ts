/** The pickle interpreter on hand-made programs: old forms that must work, and attacks that must not. */

import { describe, expect, test } from "vitest";
import { openCheckpoint } from "../../src/weights/open.js";
import { bufferSource } from "../../src/weights/source.js";
import { fixture, refusal } from "./fixtures.js";
import { concat, fields, floats, makeLegacy, makePth, P } from "./make-files.js";

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

describe("attacks and nonsense", () => {
  const bomb = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);
  const many = (count: number, bytes: Uint8Array): Uint8Array =>
    new Uint8Array(Buffer.alloc(count * bytes.length, bytes));
  const v2 = (...args: Uint8Array[]): Uint8Array => P.dict({ w: P.call(utils("_rebuild_tensor_v2"), ...args) });
  const cases: Record<string, [Uint8Array, RegExp]> = {
    "deep stack": [bomb(200_000, 0x7d), /its stack grows beyond 100000/],
    "many marks": [bomb(200_000, 0x28), /too many marks/],
    "many objects": [concat([0x5d], many(1_100_000, Uint8Array.of(0x7d, 0x61))), /more than 1000000 objects/],
    "a large dict copied again and again": [
      concat(
        P.dict(Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`${i}`, P.none]))),
        [0x85, 0x71, 0],
        P.global("collections", "OrderedDict"),
        [0x71, 1, 0x30],
        many(5000, Uint8Array.of(0x68, 1, 0x68, 0, 0x52, 0x30)),
      ),
      /more than 1000000 objects/,
    ],
    "memo never written": [P.raw(0x68, 9), /recalls value 9, which it never stored/],
    "empty stack": [P.raw(0x30), /takes a value from an empty stack/],
    "pop below a mark": [P.raw(0x4e, 0x28, 0x30), /takes a value from an empty stack/],
    "no mark": [P.raw(0x74), /a mark is missing/],
    "string beyond the end": [P.raw(0x58, 0xff, 0xff, 0xff, 0x00), /ends in the middle/],
    "string of 4 GB": [P.raw(0x58, 0xff, 0xff, 0xff, 0xff), /a string of 4294967295 bytes/],
    "string of 2^63 bytes": [P.raw(0x8d, 0, 0, 0, 0, 0, 0, 0, 0x80), /a length of 9223372036854775808/],
    "negative string": [P.raw(0x54, 0xff, 0xff, 0xff, 0xff), /a string of -1 bytes/],
    "integer of 2 GB": [P.raw(0x8b, 0xff, 0xff, 0xff, 0x7f), /an integer of 2147483647 bytes/],
    "not UTF-8": [P.raw(0x58, 1, 0, 0, 0, 0xff), /not UTF-8/],
    "protocol 0 opcode": [P.raw(0x49, 0x31, 0x0a), /opcode 0x49 \("I"\) is none that torch.save writes/],
    "INST, which calls": [concat([0x28, 0x69], new TextEncoder().encode("os\nsystem\n")), /opcode 0x69 \("i"\)/],
    "extension registry": [P.raw(0x82, 1), /opcode 0x82 /],
    "protocol 9": [P.raw(0x80, 9), /protocol above 5/],
    "call of a number": [concat(P.int(1), P.tuple(), [0x52]), /call of something that is not a name/],
    "append to a tuple": [concat(P.tuple(), P.none, [0x61]), /not a list/],
    "item of a list": [concat(P.list(), P.none, P.none, [0x73]), /not a dict/],
    "key without value": [concat([0x7d, 0x28], P.none, [0x75]), /key without a value/],
    "attributes of a number": [P.build(P.int(1), P.dict({})), /attributes of something that has none/],
    "negative stride": [
      P.dict({ w: P.tensor(storage, 3, [4], [-1]) }),
      /_rebuild_tensor_v2 has arguments that do not fit/,
    ],
    "negative size": [P.dict({ w: P.tensor(storage, 0, [-4], [1]) }), /arguments that do not fit/],
    "sizes and strides of different rank": [
      P.dict({ w: P.tensor(storage, 0, [2, 2], [1]) }),
      /arguments that do not fit/,
    ],
    "no storage": [v2(P.int(3), P.int(0), P.ints(1), P.ints(1)), /arguments that do not fit/],
    "storage id of nonsense": [
      concat(P.tuple(P.str("storage")), [0x51]),
      /reference to a storage that does not make sense/,
    ],
    "tensor beyond its storage": [
      P.dict({ w: P.tensor(storage, 2, [3], [1]) }),
      /"w" \[3\] reaches to byte 20 of a storage of 16 bytes/,
    ],
    "stride beyond its storage": [P.dict({ w: P.tensor(storage, 0, [2], [4]) }), /reaches to byte 20/],
    "size overflow": [
      v2(storage, P.int(0), P.tuple(P.long(2n ** 40n), P.long(2n ** 40n)), P.ints(0, 0)),
      /size overflows/,
    ],
    "stride 0 to a billion elements": [
      P.dict({ w: P.tensor(storage, 0, [1_000_000_000], [0]) }),
      /come to 4000000000 bytes, more than 32 times the \d+ bytes/,
    ],
    "the name __proto__": [concat([0x7d], P.str("__proto__"), tensor, [0x73]), /name "__proto__" is refused/],
    "a single tensor": [tensor, /holds a single tensor; a state dict/],
    "a number": [P.int(1), /holds no dictionary/],
    "no tensors": [P.dict({ epoch: P.int(1), lr: P.none }), /no named tensors \(its keys: "epoch", "lr"\)/],
    "two state dicts": [
      P.dict({ g: P.dict({ w: tensor }), d: P.dict({ w: tensor }) }),
      /several dictionaries of tensors \(its keys: "g", "d"\)/,
    ],
    "a model that contains itself": [concat([0x7d, 0x71, 0], P.str("model"), [0x68, 0, 0x73]), /no named tensors/],
    "_rebuild_from_type_v2 of itself": [
      P.call(
        P.global("torch._tensor", "_rebuild_from_type_v2"),
        P.global("torch._tensor", "_rebuild_from_type_v2"),
        P.none,
        P.tuple(),
        P.none,
      ),
      /arguments that do not fit/,
    ],
  };
  for (const [name, [object, reason]] of Object.entries(cases)) {
    test(name, async () => {
      const start = process.cpuUsage();
      expect(await refusal(makePth(object, data), "x.pth")).toMatch(reason);
      const { user, system } = process.cpuUsage(start);
      expect((user + system) / 1000).toBeLessThan(1000); // processor time: what else the machine does must not count
    });
  }
  test("big storages shared by very many tensors are refused, a few are not", async () => {
    const big = { "0": new Uint8Array(4 * 50_000) };
    const shared = (count: number): Uint8Array =>
      concat(
        P.tensor(P.storage("FloatStorage", "0", 50_000), 0, [50_000], [1]),
        [0x71, 0, 0x30, 0x7d, 0x28],
        ...Array.from({ length: count }, (_, i) => concat(P.str(`w${i}`), [0x68, 0])),
        [0x75],
      );
    expect((await openCheckpoint(bufferSource(makePth(shared(3), big)))).tensors.size).toBe(3);
    expect(await refusal(makePth(shared(100), big), "x.pth")).toMatch(/more than 32 times/);
  });
});

describe("the legacy stream", () => {
  const object = P.dict({ w: P.tensor(P.storage("FloatStorage", "k", 4), 0, [4], [1]) });
  const good = floats(1, 2, 3, 4);
  test("hand-made", async () => expect(await values(makeLegacy(object, { k: [4, good] }))).toEqual([1, 2, 3, 4]));
  test("count that differs from the pickle", async () => {
    expect(await refusal(makeLegacy(object, { k: [3, good] }), "x.pth")).toMatch(
      /"k" should have 4 elements and says 3/,
    );
  });
  test("unknown and missing keys", async () => {
    expect(await refusal(makeLegacy(object, { k: [4, good], x: [4, good] }), "x.pth")).toMatch(
      /names "x" that no tensor uses/,
    );
    expect(await refusal(makeLegacy(object, {}), "x.pth")).toMatch(/storage "k", which is missing/);
  });
  test("one key, two sizes", async () => {
    const both = P.dict({
      a: P.tensor(P.storage("FloatStorage", "k", 4), 0, [4], [1]),
      b: P.tensor(P.storage("FloatStorage", "k", 5), 0, [4], [1]),
    });
    expect(await refusal(makeLegacy(both, { k: [4, good] }), "x.pth")).toMatch(/does not make sense/);
  });
  test("big-endian, other protocols, cut inside each pickle", async () => {
    const bytes = fixture("legacy.pth");
    const big = bytes.slice();
    big[73] = 0x89; // little_endian: False
    expect(await refusal(big, "x.pth")).toMatch(/not little-endian/);
    const other = bytes.slice();
    other[18] = 0xea; // protocol 1002
    expect(await refusal(other, "x.pth")).toMatch(/says protocol 1002, 1001 is known/);
    for (const length of [10, 17, 60, 500, 1000])
      expect(await refusal(bytes.slice(0, length), "x.pth")).toMatch(/ends in the middle/);
  });
});

test("tar: a storage that claims more than the file has", async () => {
  const bytes = fixture("tar.pth");
  // In `storages` the first int64 count (108) follows its pickle; find it and make it enormous.
  const needle = fields([108, 8]);
  const place = bytes.findIndex((_, i) => i > 3000 && needle.every((byte, k) => bytes[i + k] === byte));
  expect(place).toBeGreaterThan(0);
  bytes.set(fields([1n << 60n, 8]), place);
  expect(await refusal(bytes, "x.pth")).toMatch(/claims 1152921504606846976 elements, but \d+ bytes are left/);
});
