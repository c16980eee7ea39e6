/** A checkpoint of values hashed from tensor names: nothing to ship, the same numbers in any language. */
import { hashedTensor } from "../../bench/hashed-weights.js";
import type { HashedTensor } from "../../bench/hashed-weights.js";
import { elements } from "../../src/kernel/shape.js";
import type { Checkpoint } from "../../src/weights/checkpoint.js";
import { writeSafetensors } from "../../src/weights/safetensors-writer.js";

type Values = (name: string, shape: readonly number[]) => Float32Array;
type Slices = (name: string, shape: readonly number[], first: number, count: number) => Float32Array;

const sliced =
  (values: Values): Slices =>
  (name, shape, first, count) => {
    const slice = elements(shape.slice(1));
    return values(name, shape).subarray(first * slice, (first + count) * slice);
  };

/** In memory. Each read makes the values anew. */
export function hashedCheckpoint(
  specs: readonly HashedTensor[],
  values: Values = hashedTensor,
  slices: Slices = sliced(values),
): Checkpoint {
  const tensors = new Map(
    specs.map(({ name, shape }) => {
      const dtype = name.endsWith("num_batches_tracked") ? ("i64" as const) : ("f32" as const);
      return [name, { name, shape, dtype }];
    }),
  );
  const shapeOf = (name: string): readonly number[] => {
    const info = tensors.get(name);
    if (!info) throw new Error(`the test's checkpoint has no ${name}`);
    return info.shape;
  };
  const valuesOf = (name: string): Float32Array => values(name, shapeOf(name));
  return {
    container: "safetensors",
    name: "hashed",
    bytes: 0,
    metadata: new Map(),
    tensors,
    read: async (name) => Float32Array.from(valuesOf(name)),
    readSlices: async (name, first, count) => Float32Array.from(slices(name, shapeOf(name), first, count)),
    readFloat64: async (name) => Float64Array.from(valuesOf(name)),
    close: () => Promise.resolve(),
  };
}

/** The same as the bytes of a safetensors file. */
export async function hashedFile(specs: readonly HashedTensor[], values: Values = hashedTensor): Promise<Uint8Array> {
  const tensors = specs.map(({ name, shape }) => ({
    name,
    shape,
    dtype: "f32" as const,
    read: () => Float32Array.from(values(name, shape)),
  }));
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeSafetensors(tensors)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
