/**
 * A full-size checkpoint (ResNet-101 of 64 planes) with generated weights, for benchmarks where no trained one is at
 * hand. It is written once into the cache folder, 170 to 220 MB. Speed does not depend on the values; the labels that
 * such a network gives are noise.
 */
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeWhole } from "../src/base/write-whole.js";
import { cacheFolder } from "../src/weights/disk-cache.js";
import { writeSafetensors } from "../src/weights/safetensors-writer.js";
import { hashedTensor, paperFcnTensors, torchvisionFcnTensors } from "./hashed-weights.js";

/** The paper's three heads in one file, or torchvision's dilated network. */
const TENSORS = { synthetic: paperFcnTensors, "synthetic-torchvision": torchvisionFcnTensors } as const;
export type SyntheticName = keyof typeof TENSORS;
export const isSynthetic = (name: string): name is SyntheticName => name in TENSORS;

/** Path of the checkpoint. Writes it first where it is not there yet. */
export async function syntheticCheckpoint(name: SyntheticName, folder = cacheFolder()): Promise<string> {
  const path = join(folder, `${name}-v1.safetensors`);
  if (await stat(path).catch(() => undefined)) return path;
  await mkdir(folder, { recursive: true });
  const tensors = TENSORS[name]().map((spec) => ({
    ...spec,
    dtype: "f32" as const,
    read: () => Float32Array.from(hashedTensor(spec.name, spec.shape)),
  }));
  await writeWhole(path, writeSafetensors(tensors));
  return path;
}
