/** A checkpoint with tensors from memory, which come before its own of the same names. */
import { elements } from "../../kernel/shape.js";
import type { Checkpoint, TensorInfo } from "../../weights/checkpoint.js";

/** Float32 values that are made or kept in memory. */
export interface TensorInMemory {
  readonly shape: readonly number[];
  /** In row-major order, in fresh memory. */
  values(): Float32Array<ArrayBuffer>;
}

/**
 * The file's tensors, and those that are added. It closes with the file. `metadata` are entries that come before the
 * file's.
 */
export function overlaid(
  file: Checkpoint,
  added: ReadonlyMap<string, TensorInMemory>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Checkpoint {
  const infos = [...added].map(([name, { shape }]): [string, TensorInfo] => [name, { name, shape, dtype: "f32" }]);
  return {
    container: file.container,
    name: file.name,
    bytes: file.bytes,
    metadata: new Map([...file.metadata, ...metadata]),
    tensors: new Map([...file.tensors, ...infos]),
    read: async (name) => added.get(name)?.values() ?? file.read(name),
    readSlices: async (name, first, count) => {
      const tensor = added.get(name);
      const slice = elements(tensor?.shape.slice(1) ?? []);
      return tensor?.values().slice(first * slice, (first + count) * slice) ?? file.readSlices(name, first, count);
    },
    readFloat64: async (name) => {
      const values = added.get(name)?.values();
      return values ? Float64Array.from(values) : file.readFloat64(name);
    },
    close: () => file.close(),
  };
}
