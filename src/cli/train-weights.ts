/** The checkpoints of a training: how they are opened, told apart and named. */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { openSource } from "../node.js";
import { namedWeights } from "../weights/catalogue.js";
import type { ByteSource } from "../weights/source.js";
import { byteBar } from "./progress.js";

/** The checkpoint's bytes. Downloads, with a bar, what is not there yet. */
export async function openWeightsSource(weights: string): Promise<ByteSource> {
  const bar = byteBar();
  return openSource(weights, { onProgress: (count) => bar.show("downloading", count) }).finally(bar.clear);
}

const CHUNK = 2 ** 24;

/** SHA-256 of all bytes. */
export async function hashOf(source: ByteSource): Promise<string> {
  const hash = createHash("sha256");
  for (let at = 0; at < source.size; at += CHUNK) hash.update(await source.read(at, Math.min(CHUNK, source.size - at)));
  return hash.digest("hex");
}

/** What ships has the name of its file, wherever the package is. */
export function sourceName(weights: string, { name, size }: ByteSource): string {
  const named = namedWeights(weights);
  return named?.sha256 === undefined ? `${name} (${size} bytes)` : basename(named.url.pathname);
}
