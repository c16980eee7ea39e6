/**
 * Opens a checkpoint of any supported container. The content tells the container, never the file name.
 * Not here: how each container is read (safetensors.ts, pth/), and what other files are (pth/describe-file.ts).
 */

import { startsWith } from "./bytes.js";
import { dictionaryOf } from "./checkpoint.js";
import type { Checkpoint } from "./checkpoint.js";
import { pthReaders } from "./pth-readers.js";
import { isTarHeader } from "./tar-header.js";
import { openSafetensors } from "./safetensors.js";
import { renamed } from "./renamed.js";
import { badWeights, quote, quoteFirst } from "./source.js";
import type { ByteSource } from "./source.js";

/** Enough for a tar header, the longest mark of all. */
const HEAD_BYTES = 512;

/** What openCheckpoint() takes besides the source. */
export interface OpenOptions {
  /**
   * Which of several networks in the file: the keys that lead to its dictionary, joined by dots ("ema.model"), or what
   * its names begin with ("teacher"), or the one and then the other ("ema.teacher"). Default: the only one.
   */
  readonly stateDict?: string | undefined;
}

/**
 * Reads names, shapes and dtypes; tensor bytes are read later, on demand. The checkpoint takes over the source and
 * closes it; it is closed at once when opening fails.
 * @throws bad-weights
 */
export async function openCheckpoint(source: ByteSource, { stateDict }: OpenOptions = {}): Promise<Checkpoint> {
  try {
    const checkpoint = await openByContent(source, stateDict);
    const found = `${dictionaryOf(checkpoint)}.`;
    if (stateDict === undefined || `${stateDict}.` === found) return checkpoint;
    return below(checkpoint, stateDict.startsWith(found) ? stateDict.slice(found.length) : stateDict);
  } catch (error) {
    await source.close().catch(() => undefined); // the first error is the one to report
    throw error;
  }
}

/** The tensors whose names begin with `part` and a dot, without that. @throws bad-weights when there are none */
function below(file: Checkpoint, part: string): Checkpoint {
  const names = new Map<string, string>();
  for (const name of file.tensors.keys()) if (name.startsWith(`${part}.`)) names.set(name.slice(part.length + 1), name);
  if (names.size > 0) return renamed(file, names);
  const shown = quoteFirst(file.tensors.keys());
  throw badWeights(file.name, `no dictionary and no tensors lie under ${quote(part)}; it has ${shown}, ...`);
}

async function openByContent(source: ByteSource, stateDict: string | undefined): Promise<Checkpoint> {
  if (source.size === 0) throw badWeights(source.name, "the file is empty (0 bytes)");
  const head = await source.read(0, Math.min(source.size, HEAD_BYTES));
  // safetensors first. Its header length may begin like a pickle or a zip, but neither of those can have four zeros
  // and a brace here.
  if (head[8] === 0x7b && head.subarray(4, 8).every((byte) => byte === 0)) return openSafetensors(source);
  if (startsWith(head, 0x50, 0x4b, 3, 4) || startsWith(head, 0x50, 0x4b, 5, 6))
    return (await pthReaders(source.name)).openZipCheckpoint(source, stateDict);
  if (head[0] === 0x80 && (head[1] ?? 0xff) <= 5)
    return (await pthReaders(source.name)).openLegacyCheckpoint(source, stateDict);
  if (isTarHeader(head)) return (await pthReaders(source.name)).openTarCheckpoint(source, stateDict);
  // A zero in the first 8 bytes, then a brace or the end of the file: a damaged safetensors file and not text. Its
  // reader says what is wrong.
  if (head.subarray(0, 8).includes(0) && (head[8] === 0x7b || source.size < 9)) return openSafetensors(source);
  throw badWeights(source.name, (await pthReaders(source.name)).describeFile(head, source.size));
}
