/** What a training writes: the trained tensors, and whole checkpoints as safetensors. */
import { joined } from "../base/joined.js";
import type { TensorInMemory } from "../models/own-heads/overlaid.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { writeSafetensors } from "../weights/safetensors-writer.js";
import type { TensorToWrite } from "../weights/safetensors-writer.js";
import type { TrainingSession } from "./training-session.js";

/** The present values of the trained weights by name. */
export async function trainedTensors(session: TrainingSession): Promise<Map<string, TensorInMemory>> {
  const tensors = new Map<string, TensorInMemory>();
  for (const { name, weight, values: kept } of session.parameters.values()) {
    const read = new Float32Array(await kept.read());
    const data = weight.stored?.(read) ?? read;
    tensors.set(name, { shape: weight.shape, values: () => new Float32Array(data) });
  }
  return tensors;
}

/** @throws bad-weights for values that f16 cannot hold */
export async function checkpointBytes(checkpoint: Checkpoint, dtype: "f32" | "f16"): Promise<Uint8Array<ArrayBuffer>> {
  const toWrite = [...checkpoint.tensors.values()].map(({ name, shape }): TensorToWrite => {
    return { name, shape, dtype, read: async () => Float32Array.from(await checkpoint.read(name)) };
  });
  return safetensorsBytes(toWrite, checkpoint.metadata);
}

/** The file of these tensors. */
export async function safetensorsBytes(
  tensors: readonly TensorToWrite[],
  metadata: ReadonlyMap<string, string>,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeSafetensors(tensors, metadata)) chunks.push(chunk);
  return joined(chunks);
}
