/** The safetensors writer: what it writes reads back, and what cannot be written is said. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { elements } from "../../src/kernel/shape.js";
import { float16ToFloat32, float32ToFloat16 } from "../../src/weights/dtype.js";
import { openCheckpoint } from "../../src/weights/open.js";
import { safetensorsSize, writeSafetensors } from "../../src/weights/safetensors-writer.js";
import type { TensorToWrite } from "../../src/weights/safetensors-writer.js";
import { bufferSource } from "../../src/weights/source.js";
import { fixture } from "./fixtures.js";
import { concat } from "./make-bytes.js";

async function write(tensors: TensorToWrite[], metadata?: Map<string, string>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeSafetensors(tensors, metadata)) chunks.push(chunk.slice());
  return concat(...chunks);
}

function tensor(name: string, shape: number[], values: number[], dtype: "f32" | "f16" = "f32"): TensorToWrite {
  return { name, shape, dtype, read: () => Float32Array.from(values) };
}

test("any names, shapes, dtypes and metadata come back", async () => {
  const one = fc.record({
    name: fc.string({ unit: "grapheme" }).filter((name) => name !== "__metadata__" && name !== "__proto__"),
    shape: fc.array(fc.nat(4), { maxLength: 4 }),
    dtype: fc.constantFrom("f32" as const, "f16" as const),
    seed: fc.float({ min: -1000, max: 1000, noNaN: true }),
  });
  const property = fc.asyncProperty(
    fc.uniqueArray(one, { selector: ({ name }) => name }),
    fc.dictionary(fc.string(), fc.string()),
    async (list, pairs) => {
      const metadata = new Map(Object.entries(pairs));
      const tensors = list.map(({ name, shape, dtype, seed }) => {
        const count = elements(shape);
        return tensor(
          name,
          shape,
          Array.from({ length: count }, (_, i) => Math.fround(seed + i / 3)),
          dtype,
        );
      });
      const bytes = await write(tensors, metadata);
      expect(bytes.length).toBe(safetensorsSize(tensors, metadata));
      const checkpoint = await openCheckpoint(bufferSource(bytes));
      expect(checkpoint.metadata).toEqual(metadata);
      expect(new Set(checkpoint.tensors.keys())).toEqual(new Set(list.map(({ name }) => name)));
      for (const { name, shape, dtype, read } of tensors) {
        expect(checkpoint.tensors.get(name)).toMatchObject({ name, shape, dtype });
        const values = await read();
        expect(await checkpoint.read(name)).toEqual(
          dtype === "f32" ? values : float16ToFloat32(float32ToFloat16(values)),
        );
      }
    },
  );
  await fc.assert(property, { numRuns: 200, seed: 3 });
});

test("a checkpoint streams from one container to the other", async () => {
  const from = await openCheckpoint(bufferSource(fixture("legacy.pth")));
  const tensors = [...from.tensors.values()].map(({ name, shape }): TensorToWrite => ({
    name,
    shape,
    dtype: "f32",
    read: () => from.read(name),
  }));
  const bytes = await write(tensors, new Map([["source", "legacy.pth"]]));
  expect(new DataView(bytes.buffer).getBigUint64(0, true) % 8n).toBe(0n);
  const to = await openCheckpoint(bufferSource(bytes));
  for (const name of from.tensors.keys()) expect(await to.read(name)).toEqual(await from.read(name));
});

test("what cannot be written is said", async () => {
  await expect(write([tensor("a", [1], [1]), tensor("a", [1], [1])])).rejects.toThrow(
    'writing safetensors: the tensor name "a" is reserved or comes twice',
  );
  await expect(write([tensor("__proto__", [1], [1])])).rejects.toThrow(/reserved/);
  await expect(write([tensor("a", [2], [1])])).rejects.toThrow(/"a" \[2\] needs 2 values and got 1/);
  await expect(write([tensor("a", [-1], [])])).rejects.toThrow(/impossible shape \[-1\]/);
  await expect(write([tensor("a", [1.5], [])])).rejects.toThrow(/impossible shape/);
  await expect(write([tensor("a", [2], [1, 70000], "f16")])).rejects.toThrow(/"a" holds 70000, beyond float16's 65504/);
  expect((await write([tensor("a", [2], [Infinity, NaN], "f16")])).length).toBeGreaterThan(8);
});
