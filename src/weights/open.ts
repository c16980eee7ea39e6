/**
 * Opens a checkpoint of any supported container. The content tells the container, never the file name.
 * Not here: how each container is read (safetensors.ts, pth/).
 */

import { toHex } from "../base/hex.js";
import { startsWith } from "./bytes.js";
import type { Checkpoint } from "./checkpoint.js";
import { pthReaders } from "./pth-readers.js";
import { isTarHeader } from "./tar-header.js";
import { openSafetensors } from "./safetensors.js";
import { renamed } from "./renamed.js";
import { badWeights, quote, quoteFirst } from "./source.js";
import type { Bytes, ByteSource } from "./source.js";

/** Enough for a tar header, the longest mark of all. */
const HEAD_BYTES = 512;

/** What openCheckpoint() takes besides the source. */
export interface OpenOptions {
  /**
   * Which of several networks in the file: the keys that lead to its dictionary, joined by dots ("ema.model"), or what
   * its names begin with ("teacher"). Default: the only one.
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
    const isFound = stateDict === undefined || isDictionary(checkpoint, stateDict);
    return isFound ? checkpoint : below(checkpoint, stateDict);
  } catch (error) {
    await source.close().catch(() => undefined); // the first error is the one to report
    throw error;
  }
}

const isDictionary = ({ container, metadata }: Checkpoint, path: string): boolean =>
  container !== "safetensors" && (metadata.get("state_dict") ?? "") === path;

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
  throw badWeights(source.name, describe(head, source.size));
}

/** What a file that is no checkpoint is, and what to do about it. */
function describe(head: Bytes, size: number): string {
  const start = head.subarray(0, 64);
  const text = new TextDecoder("latin1").decode(start);
  if (/^\s*<(?:!doctype|html|\?xml|head|body)/i.test(text))
    return "it is a web page (HTML), not a checkpoint; the download went wrong";
  if (text.startsWith("version https://git-lfs"))
    return 'it is a Git LFS pointer, not the file itself; run "git lfs pull"';
  if (/^\s*\{/.test(text) && /"(?:metadata|weight_map)"/.test(text)) {
    const cure = "give its path in Node, where the files beside it are read, or make one file of them";
    return `it is the index of a checkpoint in several safetensors files; ${cure}`;
  }
  if (start.every(isTextByte)) return `it is a text file of ${size} bytes, not a checkpoint`;
  if (startsWith(head, 0x1f, 0x8b)) return "it is compressed with gzip; unpack it first";
  if (startsWith(head, 0x89, 0x48, 0x44, 0x46))
    return "it is an HDF5 (Keras) file; PyTorch checkpoints and safetensors can be read";
  const bytes = toHex(head.subarray(0, 8), " ");
  return `it is neither safetensors nor a PyTorch checkpoint (${size} bytes, which start with ${bytes})`;
}

/** Printable, or a tab, line feed or carriage return. */
function isTextByte(byte: number): boolean {
  return byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}
