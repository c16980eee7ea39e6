/** Pickles that attack or make no sense: each ends in a sentence, and costs no more than twice a large honest file. */

import { beforeAll, describe, expect, test } from "vitest";
import { openCheckpoint } from "../../src/weights/open.js";
import { bufferSource } from "../../src/weights/source.js";
import { refusal } from "./fixtures.js";
import { concat, floats } from "./make-bytes.js";
import { P } from "./make-pickle.js";
import { makePth } from "./make-pth.js";

const data = { "0": floats(1, 2, 3, 4) };
const storage = P.storage("FloatStorage", "0", 4);
const tensor = P.tensor(storage, 0, [4], [1]);

describe("attacks and nonsense", () => {
  const bomb = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);
  const many = (count: number, bytes: Uint8Array): Uint8Array =>
    new Uint8Array(Buffer.alloc(count * bytes.length, bytes));
  const v2 = (...args: Uint8Array[]): Uint8Array =>
    P.dict({ w: P.call(P.global("torch._utils", "_rebuild_tensor_v2"), ...args) });
  const cases: Record<string, [Uint8Array, RegExp]> = {
    "deep stack": [bomb(200_000, 0x7d), /its stack grows beyond 100000/],
    "many marks": [bomb(200_000, 0x28), /too many marks/],
    "many objects": [concat([0x5d], many(1_100_000, Uint8Array.of(0x7d, 0x61))), /more than 1000000 objects/],
    "many storages of one id": [
      concat(
        P.tuple(P.int(1)),
        P.storage("FloatStorage", "0", 4).slice(0, -1),
        [0x71, 0, 0x30, 0x30, 0x5d],
        many(1_100_000, Uint8Array.of(0x68, 0, 0x51, 0x61)),
      ),
      /more than 1000000 objects/,
    ],
    "one value in a list again and again": [
      concat(P.none, [0x71, 0, 0x30, 0x5d], many(4_100_000, Uint8Array.of(0x68, 0, 0x61))),
      /its lists have more than 4000000 items/,
    ],
    "a large dict copied again and again": [
      concat(
        P.dict(Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`${i}`, P.none]))),
        [0x85, 0x71, 0],
        P.global("collections", "OrderedDict"),
        [0x71, 1, 0x30],
        many(5000, Uint8Array.of(0x68, 1, 0x68, 0, 0x52, 0x30)),
      ),
      /its calls copy \d+ items, more than its bytes can describe/,
    ],
    "a dict built of one large dict, many times in one call": [
      concat(
        P.dict(Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`${i}`, P.none]))),
        [0x71, 0, 0x30],
        P.global("collections", "OrderedDict"),
        [0x28],
        many(90_000, Uint8Array.of(0x68, 0)),
        [0x74, 0x52],
      ),
      /its calls copy \d+ items, more than its bytes can describe/,
    ],
    "a set copied again and again": [
      concat(
        P.list(...Array.from({ length: 2000 }, () => P.none)),
        [0x85, 0x71, 0, 0x30],
        P.global("builtins", "set"),
        [0x71, 1, 0x30],
        many(5000, Uint8Array.of(0x68, 1, 0x68, 0, 0x52, 0x30)),
      ),
      /its calls copy \d+ items, more than its bytes can describe/,
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
    "protocol 0 opcode": [P.raw(0x49, 0x31, 0x0a), /torch\.save never writes the opcode 0x49 \("I"\)/],
    "INST, which calls": [concat([0x28, 0x69], new TextEncoder().encode("os\nsystem\n")), /opcode 0x69 \("i"\)/],
    "extension registry": [P.raw(0x82, 1), /opcode 0x82$/],
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
  /** Processor time of a refusal: what else the machine does must not count. */
  const costOf = async (object: Uint8Array, reason: RegExp): Promise<number> => {
    const file = makePth(object, data);
    const start = process.cpuUsage();
    expect(await refusal(file, "x.pth")).toMatch(reason);
    const { user, system } = process.cpuUsage(start);
    return user + system;
  };
  /** An honest file of nearly as many objects as may be, which any machine must read. */
  const honest = concat([0x5d], many(900_000, Uint8Array.of(0x7d, 0x61)));
  let most = 0;
  beforeAll(async () => {
    for (let run = 0; run < 3; run++) most = Math.max(most, await costOf(honest, /it holds no dictionary/));
  });
  for (const [name, [object, reason]] of Object.entries(cases)) {
    test(name, async () => {
      expect(await costOf(object, reason)).toBeLessThan(2 * most);
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
