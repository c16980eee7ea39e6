/**
 * Opens a checkpoint of any supported container, told by its content and never by its file name.
 * Not here: how each container is read (safetensors.ts, pth/).
 */

import type { Checkpoint } from "./checkpoint.js";
import { openSafetensors } from "./safetensors.js";
import { badWeights } from "./source.js";
import type { ByteSource } from "./source.js";

/**
 * Reads names, shapes and dtypes; tensor bytes are read later, on demand. The checkpoint takes over the source and
 * closes it; it is closed at once when opening fails. Throws `bad-weights`.
 */
export async function openCheckpoint(source: ByteSource): Promise<Checkpoint> {
  try {
    return await sniff(source);
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function sniff(source: ByteSource): Promise<Checkpoint> {
  if (source.size === 0) throw badWeights(source.name, "the file is empty (0 bytes)");
  return openSafetensors(source);
}
