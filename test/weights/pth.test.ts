/** Every .pth fixture: values to the bit where PyTorch saved them, refusals with the cause where it did not. */

import { existsSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fileSource } from "../../src/weights/file-source.js";
import { openCheckpoint } from "../../src/weights/open.js";
import { blobSource, bufferSource } from "../../src/weights/source.js";
import type { ByteSource } from "../../src/weights/source.js";
import { expected, fixture, fixturePath, refusal } from "./fixtures.js";
import { floats, utf8 } from "./make-bytes.js";
import { P } from "./make-pickle.js";
import { makePth } from "./make-pth.js";
import { makeZip } from "./make-zip.js";

const DTYPES: Record<string, string> = {
  float32: "f32",
  float16: "f16",
  bfloat16: "bf16",
  float64: "f64",
  int64: "i64",
};
const CONTAINERS: Record<string, string> = {
  "legacy.pth": "pth-legacy",
  "tar.pth": "pth-tar",
  "tar-long.pth": "pth-tar",
};

async function check(source: ByteSource, name: string): Promise<void> {
  const checkpoint = await openCheckpoint(source);
  const want = expected[name] ?? {};
  expect(checkpoint.container).toBe(CONTAINERS[name] ?? "pth-zip");
  expect([...checkpoint.tensors.keys()]).toEqual(Object.keys(want));
  for (const [key, { shape, dtype, values }] of Object.entries(want)) {
    expect(checkpoint.tensors.get(key)).toMatchObject({ name: key, shape, dtype: DTYPES[dtype] });
    expect([...(await checkpoint.readFloat64(key))]).toEqual(values);
    expect([...(await checkpoint.read(key))]).toEqual(values.map(Math.fround));
  }
  await checkpoint.close();
}

describe("good files read to PyTorch's values", () => {
  test("expected.json knows all of them", () => expect(Object.keys(expected).length).toBe(12));
  for (const name of Object.keys(expected)) {
    test(`${name} from memory`, () => check(bufferSource(fixture(name), name), name));
    test(`${name} from a path`, async () => check(await fileSource(fixturePath(name)), name));
    test(`${name} from a Blob`, () => check(blobSource(new Blob([new Uint8Array(fixture(name))])), name));
  }
  test("nested state dicts and prefixes are told", async () => {
    const metadata = async (name: string): Promise<object> =>
      Object.fromEntries((await openCheckpoint(bufferSource(fixture(name)))).metadata);
    expect(await metadata("training.pth")).toEqual({ state_dict: "model" });
    expect(await metadata("state_dict_key.pth")).toEqual({ state_dict: "state_dict", prefix: "module." });
    expect(await metadata("state_dict.pth")).toEqual({});
  });
});

test("fcn-resnet101-w16.pth holds the shipped safetensors before rounding to float16", async () => {
  const weights = new URL("../../weights/", import.meta.url);
  const shipped = readdirSync(weights).find((name) => name.includes("icons")) ?? "none";
  const a = await openCheckpoint(await fileSource(fixturePath("fcn-resnet101-w16.pth")));
  const b = await openCheckpoint(await fileSource(new URL(shipped, weights).pathname));
  let compared = 0;
  for (const [name, { shape }] of b.tensors) {
    expect(a.tensors.get(name)?.shape).toEqual(shape);
    const [x, y] = [await a.read(name), await b.read(name)];
    for (const [i, value] of x.entries()) {
      if (!(Math.abs(value - (y[i] ?? NaN)) <= Math.abs(value) * 2 ** -11 + 2 ** -25))
        throw new Error(`${name}[${i}]: ${value} and ${y[i]}`);
    }
    compared += x.length;
  }
  expect(compared).toBeGreaterThan(2_500_000);
  await Promise.all([a.close(), b.close()]);
});

describe("bad files are refused with the cause", () => {
  const reasons: Record<string, RegExp> = {
    "bad-bomb.pth": /claim to unpack to 20000003 bytes, far more than a checkpoint of 19582 bytes/,
    "bad-code.pth": /refers to (posix|nt)\.system, which is not among the \d+ harmless names .*nothing was run/,
    "bad-empty.pth": /empty \(0 bytes\)/,
    "bad-missing-storage.pth": /"conv.weight" lies in storage "0", which is missing/,
    "bad-short-storage.pth": /storage "0" of tensor "conv.weight" should have 432 bytes and has 428/,
    "bad-text.pth": /web page \(HTML\)/,
    "bad-truncated-legacy.pth": /storage "\d+" ends at byte \d+, but the file has 1561; it is cut off/,
    "bad-truncated-tar.pth": /ends inside the tar header at byte 1024 \(1500 bytes/,
    "bad-truncated.pth": /no zip directory at its end, so it is cut off \(1431 bytes/,
  };
  test("none is forgotten", () => {
    const bad = readdirSync(fixturePath("")).filter((name) => name.startsWith("bad-") && name.endsWith(".pth"));
    expect(Object.keys(reasons).sort()).toEqual(bad.sort());
  });
  for (const [name, reason] of Object.entries(reasons)) {
    test(name, async () => expect(await refusal(fixture(name), name)).toMatch(reason));
  }
  test("nothing was run", () => expect(existsSync("pwned")).toBe(false));
});

describe("other files, each with a sentence", () => {
  const cases: [string, Uint8Array, RegExp][] = [
    ["HTML", utf8("\n<!DOCTYPE html><html>"), /web page/],
    ["Git LFS", utf8("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), /git lfs pull/],
    ["text", utf8("hello, this is no checkpoint"), /a text file of 28 bytes/],
    ["JSON", utf8('{"weight": [1, 2, 3]}'), /a text file/],
    ["gzip", Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0), /gzip/],
    ["HDF5", Uint8Array.of(0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10), /HDF5/],
    [
      "PNG",
      Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10),
      /neither safetensors nor a PyTorch checkpoint \(8 bytes, which start with 89 50 4e 47/,
    ],
    ["one byte", Uint8Array.of(0), /this one has 1 bytes/],
    ["a plain pickle", Uint8Array.of(0x80, 2, 0x4b, 1, 0x2e), /Python pickle, but not one of torch.save/],
  ];
  for (const [name, bytes, reason] of cases) test(name, async () => expect(await refusal(bytes, name)).toMatch(reason));
});

test("PyTorch's lazy negation is applied; a conjugate of real numbers changes nothing", async () => {
  const storage = P.storage("FloatStorage", "0", 4);
  const bits = (bit: string): Uint8Array => P.dict({ [bit]: P.raw(0x88) });
  const make = (more: Uint8Array): Uint8Array =>
    P.call(
      P.global("torch._utils", "_rebuild_tensor_v2"),
      storage,
      P.int(0),
      P.ints(2, 2),
      P.ints(1, 2),
      P.false,
      P.none,
      more,
    );
  const bytes = makePth(P.dict({ neg: make(bits("neg")), conj: make(bits("conj")) }), { "0": floats(1, 2, 3, 4) });
  const checkpoint = await openCheckpoint(bufferSource(bytes));
  expect([...(await checkpoint.read("neg"))]).toEqual([-1, -3, -2, -4]);
  expect([...(await checkpoint.readFloat64("neg"))]).toEqual([-1, -3, -2, -4]);
  expect([...(await checkpoint.readSlices("neg", 1, 1))]).toEqual([-2, -4]);
  expect([...(await checkpoint.read("conj"))]).toEqual([1, 3, 2, 4]);
});

test("a pickle of protocol 0 or 1 in a zip says what to save", async () => {
  const bytes = makeZip([["archive/data.pkl", utf8("(dp0\nVx\np1\nI1\ns.")]]);
  expect(await refusal(bytes, "x.pth")).toMatch(/^x\.pth: its pickle has protocol 0 or 1, .*pickle_protocol=2\)$/);
});
