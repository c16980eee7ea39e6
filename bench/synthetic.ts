/**
 * Full-size checkpoints with generated weights, for benchmarks where no trained one is at hand. Each is written once
 * into the cache folder, 170 to 560 MB. Speed does not depend on the values; the labels that such a network gives are
 * noise.
 */
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeWhole } from "../src/base/write-whole.js";
import { cacheFolder } from "../src/weights/disk-cache.js";
import { writeSafetensors } from "../src/weights/safetensors-writer.js";
import { hashedVggTensor, vggTensors } from "./hashed-vgg.js";
import { hashedTensor, paperFcnTensors, torchvisionFcnTensors } from "./hashed-weights.js";

/** Over ResNet-101 the paper's three heads in one file, or torchvision's dilated network; the paper's over VGG-16. */
const TENSORS = {
  synthetic: { list: paperFcnTensors, values: hashedTensor },
  "synthetic-torchvision": { list: torchvisionFcnTensors, values: hashedTensor },
  "synthetic-vgg16": { list: vggTensors, values: hashedVggTensor },
} as const;
export type SyntheticName = keyof typeof TENSORS;
export const SYNTHETIC_NAMES = Object.keys(TENSORS) as readonly SyntheticName[];
export const isSynthetic = (name: string): name is SyntheticName => name in TENSORS;

/** Path of the checkpoint. Writes it first where it is not there yet. */
export async function syntheticCheckpoint(name: SyntheticName, folder = cacheFolder()): Promise<string> {
  const path = join(folder, `${name}-v1.safetensors`);
  if (await stat(path).catch(() => undefined)) return path;
  await mkdir(folder, { recursive: true });
  const { list, values } = TENSORS[name];
  const tensors = list().map((spec) => ({
    ...spec,
    dtype: "f32" as const,
    read: () => values(spec.name, spec.shape),
  }));
  await writeWhole(path, writeSafetensors(tensors));
  return path;
}
