/** The safetensors reader: values, the format's safety rules one by one, and every bad fixture. */

import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fileSource } from "../../src/weights/file-source.js";
import { openCheckpoint } from "../../src/weights/open.js";
import { openSafetensors } from "../../src/weights/safetensors.js";
import { bufferSource } from "../../src/weights/source.js";
import { fixture, refusal, safetensorsBytes } from "./fixtures.js";

const weights = new URL("../../weights/", import.meta.url);

const EMPTY = '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}';

test("the shipped checkpoint opens, and its tensors are finite and of the stated shape", async () => {
  const file = readdirSync(weights).find((name) => name.includes("icons"));
  const checkpoint = await openSafetensors(await fileSource(new URL(file ?? "none", weights).pathname));
  expect(checkpoint.metadata.get("base")).toBe("16");
  const stem = await checkpoint.read("backbone.conv1.weight");
  expect(checkpoint.tensors.get("backbone.conv1.weight")?.shape).toEqual([16, 3, 7, 7]);
  expect(stem.length).toBe(16 * 3 * 7 * 7);
  expect(stem.every((value) => Number.isFinite(value))).toBe(true);
  await checkpoint.close();
});

test("every dtype, 0-dim and empty tensors, any order, unaligned data, metadata, padding", async () => {
  const values = new DataView(new ArrayBuffer(64));
  let at = 0;
  const header: string[] = [];
  const add = (name: string, dtype: string, shape: string, bytes: number, write: (offset: number) => void): void => {
    write(at);
    header.unshift(`"${name}":{"shape":${shape}, "data_offsets":[${at},${at + bytes}],"dtype":"${dtype}"}`);
    at += bytes;
  };
  add("u8", "U8", "[1]", 1, (o) => values.setUint8(o, 200)); // makes everything after it unaligned
  add("f32", "F32", "[2]", 8, (o) => (values.setFloat32(o, 1.5, true), values.setFloat32(o + 4, -0.1, true)));
  add("f16", "F16", "[]", 2, (o) => values.setUint16(o, 0x3e00, true));
  add("none", "F32", "[0,7]", 0, () => undefined);
  add("bf16", "BF16", "[1,1]", 2, (o) => values.setUint16(o, 0xc040, true));
  add("f64", "F64", "[1]", 8, (o) => values.setFloat64(o, Math.PI, true));
  add("i64", "I64", "[]", 8, (o) => values.setBigInt64(o, -(2n ** 40n) - 1n, true));
  add("i32", "I32", "[1]", 4, (o) => values.setInt32(o, -70000, true));
  add("i16", "I16", "[1]", 2, (o) => values.setInt16(o, -300, true));
  add("i8", "I8", "[1]", 1, (o) => values.setInt8(o, -3));
  add("bool", "BOOL", "[2]", 2, (o) => (values.setUint8(o, 1), values.setUint8(o + 1, 0)));
  const bytes = safetensorsBytes(
    `{"__metadata__":{"a\\u00e9\\n":"\\"b\\"","__proto__":"x"},\n ${header.join(" ,\t")}}   `,
    at,
  );
  bytes.set(new Uint8Array(values.buffer, 0, at), bytes.length - at);
  const checkpoint = await openSafetensors(bufferSource(bytes));
  expect([...checkpoint.metadata]).toEqual([
    ["aé\n", '"b"'],
    ["__proto__", "x"],
  ]);
  const read = async (name: string): Promise<number[]> => [...(await checkpoint.readFloat64(name))];
  expect(await read("u8")).toEqual([200]);
  expect(await read("f32")).toEqual([1.5, Math.fround(-0.1)]);
  expect(await read("f16")).toEqual([1.5]);
  expect(await read("none")).toEqual([]);
  expect(await read("bf16")).toEqual([-3]);
  expect(await read("f64")).toEqual([Math.PI]);
  expect(await read("i64")).toEqual([-(2 ** 40) - 1]);
  expect(await read("i32")).toEqual([-70000]);
  expect(await read("i16")).toEqual([-300]);
  expect(await read("i8")).toEqual([-3]);
  expect(await read("bool")).toEqual([1, 0]);
  expect([...(await checkpoint.read("f64"))]).toEqual([Math.fround(Math.PI)]);
  const [first, second] = [await checkpoint.read("f32"), await checkpoint.read("f32")];
  first[0] = 9;
  expect(second[0]).toBe(1.5); // fresh memory each time
  await expect(checkpoint.read("absent")).rejects.toThrow('it has no tensor "absent"');
  await checkpoint.close();
  await expect(checkpoint.read("f32")).rejects.toThrow("read after close()");
});

test("a header whose length begins like a pickle or a zip is still told by content", async () => {
  for (const length of [0x180, 0x280, 0x580, 0x04034b50]) {
    const bytes = safetensorsBytes(new Uint8Array(length).fill(0x20).fill(0x7b, 0, 1).fill(0x7d, 1, 2), 0);
    expect((await openCheckpoint(bufferSource(bytes))).container).toBe("safetensors");
  }
});

test("no tensors at all is legal", async () => {
  expect((await openSafetensors(bufferSource(safetensorsBytes("{}", 0)))).tensors.size).toBe(0);
});

describe("fixtures that must be refused", () => {
  const reasons: Record<string, RegExp> = {
    "bad-dtype.safetensors": /"a" has dtype "Q7"; this reader knows F32/,
    "bad-header-huge.safetensors": /claims 1152921504606846976 bytes, more than the format's limit of 100000000/,
    "bad-header-json.safetensors": /character 6: it ends where "\{" is needed/,
    "bad-negative.safetensors": /shape must be a whole number .* found "-2"/,
    "bad-offsets.safetensors": /needs 8 bytes, its data_offsets \[0,16\] hold 16/,
    "bad-overlap.safetensors": /"b" starts at byte 4 .* where 8 is due, which overlaps/,
    "bad-proto.safetensors": /the tensor name "__proto__" is refused/,
    "bad-shape.safetensors": /\[3\] needs 12 bytes, its data_offsets \[0,8\] hold 8/,
  };
  for (const [name, reason] of Object.entries(reasons)) {
    test(name, async () => expect(await refusal(fixture(name), name)).toMatch(reason));
  }
});

describe("the format's rules", () => {
  const f32 = (shape: string, begin: number, end: number): string =>
    `{"dtype":"F32","shape":${shape},"data_offsets":[${begin},${end}]}`;
  const cases: [string, string | Uint8Array, number, RegExp][] = [
    ["hole", `{"a":${f32("[1]", 0, 4)},"b":${f32("[1]", 8, 12)}}`, 12, /leaves a hole/],
    ["hole at the start", `{"a":${f32("[1]", 4, 8)}}`, 8, /leaves a hole/],
    ["bytes left over", `{"a":${f32("[1]", 0, 4)}}`, 8, /end at byte 4 of the data, but 8 bytes/],
    ["cut off", `{"a":${f32("[2]", 0, 8)}}`, 7, /ends at byte 8 .* holds 7; it may be cut off/],
    ["end before begin", `{"a":${f32("[0]", 4, 0)}}`, 4, /data_offsets \[4,0\]/],
    ["duplicate tensor", `{"a":${f32("[1]", 0, 4)},"\\u0061":${f32("[1]", 0, 4)}}`, 4, /the key "a" comes twice/],
    [
      "duplicate field",
      `{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`,
      4,
      /"dtype" comes twice/,
    ],
    ["duplicate metadata", `{"__metadata__":{"k":"1","k":"2"}}`, 0, /"k" comes twice/],
    ["metadata not strings", `{"__metadata__":{"k":1}}`, 0, /metadata "k" is no text; the format allows texts only/],
    [
      "very many metadata",
      `{"__metadata__":{${Array.from({ length: 100_001 }, (_, i) => `"${i}":""`).join()}}}`,
      0,
      /__metadata__ has more than 100000 keys/,
    ],
    [
      "very many tensors",
      `{${Array.from({ length: 100_001 }, (_, i) => `"${i}":${EMPTY}`).join()}}`,
      0,
      /the header has more than 100000 keys/,
    ],
    [
      "half bytes",
      '{"a":{"dtype":"F4","shape":[7],"data_offsets":[0,4]}}',
      4,
      /"a" has shape \[7\], whose size is no whole number of bytes/,
    ],
    ["size overflow", `{"a":${f32("[4294967296,4294967296]", 0, 8)}}`, 8, /whose size overflows/],
    ["byte overflow", `{"a":${f32("[9007199254740991]", 0, 8)}}`, 8, /whose size overflows/],
    ["float in shape", `{"a":${f32("[2.0]", 0, 8)}}`, 8, /found "2.0"/],
    ["exponent in shape", `{"a":${f32("[1e1]", 0, 8)}}`, 8, /found "1e1"/],
    ["2^53", `{"a":${f32("[9007199254740992]", 0, 8)}}`, 8, /found "9007199254740992"/],
    ["leading zero", `{"a":${f32("[02]", 0, 8)}}`, 8, /found "02"/],
    ["many dimensions", `{"a":${f32(`[${"1,".repeat(40)}1]`, 0, 4)}}`, 4, /more than 32/],
    ["three offsets", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}`, 4, /more than 2/],
    ["one offset", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}`, 4, /two data_offsets/],
    ["unknown field", `{"a":{"stride":[1]}}`, 4, /unknown field "stride"/],
    ["trailing text", `{} {}`, 0, /after the closing brace/],
    ["leading space", ` {}`, 0, /does not start with "\{"/],
    ["control character", `{"a\u0001":1}`, 0, /control character/],
    ["bad escape", `{"a\\q":1}`, 0, /bad escape/],
    ["open string", `{"a`, 0, /ends inside a string/],
    ["not UTF-8", Uint8Array.of(0x7b, 0x22, 0xff, 0x22), 0, /not UTF-8/],
    ["deep nesting", `{"a":${"[".repeat(100000)}`, 0, /where "\{" is needed/],
  ];
  for (const [name, header, data, reason] of cases) {
    test(name, async () => {
      const opening = openSafetensors(bufferSource(safetensorsBytes(header, data), "x.safetensors"));
      await expect(opening).rejects.toMatchObject({
        code: "bad-weights",
        message: expect.stringMatching(reason) as string,
      });
    });
  }
  test("a header longer than the file, and one of 2^64-1 bytes", async () => {
    const bytes = safetensorsBytes("{}", 0);
    new DataView(bytes.buffer).setBigUint64(0, 3n, true);
    await expect(openSafetensors(bufferSource(bytes))).rejects.toThrow(/claims 3 bytes, but only 2 follow/);
    new DataView(bytes.buffer).setBigUint64(0, 2n ** 64n - 1n, true);
    await expect(openSafetensors(bufferSource(bytes))).rejects.toThrow(/claims 18446744073709551615 bytes/);
    await expect(openSafetensors(bufferSource(new Uint8Array(5)))).rejects.toThrow(/this one has 5 bytes/);
  });
});
