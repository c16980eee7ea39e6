/** A full-size checkpoint in memory whose tensors are generated from their names: nothing to ship, the same numbers in any language. */
import { hashedTensor } from "../../bench/hashed-weights.js";
import type { Checkpoint } from "../../src/weights/checkpoint.js";

export function hashCheckpoint(
  specs: readonly { readonly name: string; readonly shape: readonly number[] }[],
): Checkpoint {
  const tensors = new Map(specs.map(({ name, shape }) => [name, { name, shape, dtype: "f32" as const }]));
  const read = (name: string): Promise<Float32Array<ArrayBuffer>> => {
    const info = tensors.get(name);
    if (!info) return Promise.reject(new Error(`no tensor ${name}`));
    return Promise.resolve(Float32Array.from(hashedTensor(name, info.shape)));
  };
  return {
    container: "safetensors",
    name: "hash weights",
    bytes: 0,
    metadata: new Map(),
    tensors,
    read,
    readFloat64: async (name) => Float64Array.from(await read(name)),
    close: () => Promise.resolve(),
  };
}
