/** Zip forms that PyTorch, Python's zipfile and others write, and zips that lie. */

import { describe, expect, test } from "vitest";
import { openCheckpoint } from "../../src/weights/open.js";
import { inflateRaw } from "../../src/weights/pth/inflate.js";
import { bufferSource } from "../../src/weights/source.js";
import { expected, fixture, refusal } from "./fixtures.js";
import { concat, floats, utf8 } from "./make-bytes.js";
import { P } from "./make-pickle.js";
import { makePth } from "./make-pth.js";
import { makeZip, unzip } from "./make-zip.js";
import type { ZipOptions } from "./make-zip.js";

const members = unzip(fixture("state_dict.pth"));

describe("every form reads to the same values", () => {
  const forms: Record<string, ZipOptions> = {
    stored: {},
    deflated: { deflate: true },
    "data descriptors": { descriptors: true },
    "deflated with data descriptors": { deflate: true, descriptors: true },
    zip64: { zip64: true },
    "zip64, deflated, descriptors": { zip64: true, deflate: true, descriptors: true },
    "comment that holds an end record's signature": { comment: `x${"PK\x05\x06"}${"y".repeat(30)}` },
    "zip64 with comment": { zip64: true, comment: "made by hand" },
    "padded for alignment": { pad: 61 },
  };
  for (const [name, options] of Object.entries(forms)) {
    test(name, async () => {
      const checkpoint = await openCheckpoint(bufferSource(makeZip(members, options)));
      for (const [key, { values }] of Object.entries(expected["state_dict.pth"] ?? {})) {
        expect([...(await checkpoint.readFloat64(key))]).toEqual(values);
      }
    });
  }
});

test("deflated members that tensors take turns in are unpacked once", async () => {
  const tensorIn = (key: string, offset: number): Uint8Array =>
    P.tensor(P.storage("FloatStorage", key, 4), offset, [1], [1]);
  const object = P.dict({ a: tensorIn("0", 0), b: tensorIn("1", 0), c: tensorIn("0", 1), d: tensorIn("1", 1) });
  const bytes = makePth(object, { "0": floats(1, 2, 3, 4), "1": floats(5, 6, 7, 8) }, { deflate: true });
  const source = bufferSource(bytes);
  let reads = 0;
  const counted = { ...source, read: (from: number, n: number) => (reads++, source.read(from, n)) };
  const checkpoint = await openCheckpoint(counted);
  const opening = reads;
  const values = [];
  for (const name of ["a", "b", "c", "d"]) values.push(...(await checkpoint.read(name)));
  expect(values).toEqual([1, 5, 2, 6]);
  expect(reads - opening).toBe(4); // the local header and the bytes of two members
});

describe("refused", () => {
  const edit = (bytes: Uint8Array, change: (view: DataView, bytes: Uint8Array) => void): Uint8Array => {
    change(new DataView(bytes.buffer), bytes);
    return bytes;
  };
  const tensor = P.tensor(P.storage("FloatStorage", "0", 1), 0, [1], [1]);
  const cases: Record<string, [Uint8Array, RegExp]> = {
    encrypted: [makeZip(members, { encrypted: true }), /"state_dict\/data.pkl" is encrypted/],
    "another method": [makeZip(members, { method: 12 }), /packed by method 12; stored \(0\) and deflated \(8\)/],
    "member twice": [makeZip([...members, ...members]), /has "state_dict\/data.pkl" twice/],
    "no data.pkl": [makeZip([["readme", utf8("x")]]), /has 0 \(its members: "readme"\)/],
    "bytes behind the end": [
      concat(makeZip(members), new Uint8Array(1000)),
      /1000 bytes follow the end of its zip archive \(\d+ bytes are here\); cut them off, or/,
    ],
    "an empty zip": [makeZip([]), /has 0 \(its members: none\)/],
    TorchScript: [makePth(tensor, {}, {}, { "constants.pkl": utf8("") }), /TorchScript program/],
    "big-endian": [makeZip([...members, ["state_dict/byteorder", utf8("big")]]), /byte order is "big"; only "little"/],
    "damaged local header": [
      edit(makeZip(members), (view) => view.setUint16(26, 0xffff, true)),
      /local header of zip member "state_dict\/data.pkl" is damaged/,
    ],
    "directory offset beyond the end": [
      edit(makeZip(members), (view, { length }) => view.setUint32(length - 6, 0x7fffffff, true)),
      /zip directory claims 9 members .* does not fit/,
    ],
    "more members than the directory holds": [
      edit(makeZip(members), (view, { length }) => view.setUint16(length - 12, 0xfffe, true)),
      /claims 65534 members/,
    ],
    "zip64 end record elsewhere": [
      edit(makeZip(members, { zip64: true }), (view, { length }) =>
        view.setBigUint64(length - 22 - 12, 1n << 60n, true),
      ),
      /zip64 end record should be at byte 1152921504606846976/,
    ],
    "zip64 end record damaged": [
      edit(makeZip(members, { zip64: true }), (view, { length }) => view.setBigUint64(length - 22 - 12, 0n, true)),
      /zip64 end record is damaged/,
    ],
    "deflate damaged": [
      edit(makeZip(members, { deflate: true }), (_, bytes) => bytes.fill(0xff, 60, 90)),
      /"state_dict\/data.pkl" cannot be unpacked/,
    ],
  };
  for (const [name, [bytes, reason]] of Object.entries(cases)) {
    test(name, async () => expect(await refusal(bytes, "x.pth")).toMatch(reason));
  }
  test("a deflated member of another size than declared, either way", async () => {
    const packed = makePth(P.dict({ w: tensor }), { "0": floats(1) }, { deflate: true });
    const view = new DataView(packed.buffer);
    const directory = view.getUint32(packed.length - 6, true);
    const size = view.getUint32(directory + 24, true);
    for (const [declared, reason] of [
      [size - 1, /unpacks to more than the \d+ bytes/],
      [size + 1, /unpacks to \d+ bytes, \d+ were declared/],
    ] as const) {
      const bytes = packed.slice();
      new DataView(bytes.buffer).setUint32(directory + 24, declared, true);
      expect(await refusal(bytes, "x.pth")).toMatch(reason);
    }
  });
});

test("inflate stops at the declared size and refuses impossible ratios", async () => {
  const zeros = unzip(makeZip([["z", new Uint8Array(1 << 20)]], { deflate: true })).get("z") as Uint8Array<ArrayBuffer>;
  expect((await inflateRaw(zeros, 1 << 20, "f", "m")).length).toBe(1 << 20);
  await expect(inflateRaw(zeros, 1000, "f", "m")).rejects.toThrow(
    "f: m unpacks to more than the 1000 bytes that were declared",
  );
  await expect(inflateRaw(zeros, 1 << 30, "f", "m")).rejects.toThrow(/which DEFLATE cannot do/);
  await expect(inflateRaw(zeros.slice(0, 500), 1 << 18, "f", "m")).rejects.toThrow(/cannot be unpacked|unpacks to/);
  await expect(inflateRaw(new Uint8Array(0), 0, "f", "m")).rejects.toThrow(/cannot be unpacked/);
});
