/** Checkpoints for tests: opening one for a moment, and writing small ones as safetensors. */
import { writeFileSync } from "node:fs";
import type { Checkpoint } from "../../src/weights/checkpoint.js";
import { fileSource } from "../../src/weights/file-source.js";
import { openCheckpoint } from "../../src/weights/open.js";
import { writeSafetensors } from "../../src/weights/safetensors-writer.js";
import type { TensorToWrite } from "../../src/weights/safetensors-writer.js";

/** Shape and float32 values by name. */
export type Tensors = Record<string, { readonly shape: readonly number[]; readonly data: ArrayLike<number> }>;

/** Opens the checkpoint, uses it and closes it. */
export async function withCheckpoint<T>(path: string, use: (checkpoint: Checkpoint) => T | Promise<T>): Promise<T> {
  const checkpoint = await openCheckpoint(await fileSource(path));
  try {
    return await use(checkpoint);
  } finally {
    await checkpoint.close();
  }
}

/** Writes the tensors as safetensors and gives the path. */
export async function writeTensors(path: string, tensors: Tensors): Promise<string> {
  const list = Object.entries(tensors).map(([name, { shape, data }]): TensorToWrite => ({
    name,
    shape,
    dtype: "f32",
    read: () => Float32Array.from(data),
  }));
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeSafetensors(list)) chunks.push(chunk);
  writeFileSync(path, Buffer.concat(chunks));
  return path;
}
