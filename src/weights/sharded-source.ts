/**
 * A checkpoint in several safetensors files, as Hugging Face saves large models: `NAME.safetensors.index.json` names
 * the file of each tensor. Here the files become one safetensors file that exists only as ranges: a header of all
 * tensors and metadata, then the data of each file. Each file is checked as a file of its own.
 *
 * For Node: files are found beside the index.
 * https://huggingface.co/docs/safetensors/metadata_parsing#sharded-safetensors
 */

import { basename, dirname, join } from "node:path";
import { counted } from "../base/counted.js";
import { messageOf } from "../base/errors.js";
import { fileSource } from "./file-source.js";
import { readSafetensorsIndex } from "./safetensors.js";
import type { PlacedTensor } from "./safetensors.js";
import { badWeights, checkedSource, quote } from "./source.js";
import type { Bytes, ByteSource } from "./source.js";

const ENDING = /\.safetensors\.index\.json$/i;
/** An index has about 100 bytes a tensor. */
const MAX_INDEX_BYTES = 32 * 1024 * 1024;
const MAX_SHARDS = 1000;

/** A path as a source: a file, or all files of an index. @throws bad-weights */
export async function pathSource(path: string): Promise<ByteSource> {
  const file = await fileSource(path);
  if (!ENDING.test(path)) return file;
  const shards: ByteSource[] = [];
  try {
    const places = await readIndex(file);
    for (const name of new Set(places.values())) shards.push(await openShard(path, name));
    return await joined(path, places, shards);
  } catch (error) {
    await Promise.all(shards.map((shard) => shard.close()));
    throw error;
  } finally {
    await file.close();
  }
}

/** @throws bad-weights that names the index, too */
async function openShard(index: string, name: string): Promise<ByteSource> {
  try {
    return await fileSource(join(dirname(index), name));
  } catch (error) {
    throw badWeights(index, `a file that the index names cannot be opened: ${messageOf(error)}`, error);
  }
}

/** The path, and the paths of the files that it names where it is an index. @throws bad-weights */
export async function filesOf(path: string): Promise<string[]> {
  if (!ENDING.test(path)) return [path];
  const file = await fileSource(path);
  try {
    const places = await readIndex(file);
    return [path, ...[...new Set(places.values())].map((name) => join(dirname(path), name))];
  } finally {
    await file.close();
  }
}

/** The file of each tensor. @throws bad-weights */
async function readIndex(file: ByteSource): Promise<Map<string, string>> {
  const { name, size } = file;
  if (size > MAX_INDEX_BYTES) throw badWeights(name, `an index of ${size} bytes, more than ${MAX_INDEX_BYTES}`);
  let index: unknown;
  try {
    index = JSON.parse(new TextDecoder().decode(await file.read(0, size)));
  } catch (cause) {
    throw badWeights(name, `the index of a checkpoint in several files is not JSON (${messageOf(cause)})`, cause);
  }
  const map = typeof index === "object" && index !== null && "weight_map" in index ? index.weight_map : undefined;
  if (typeof map !== "object" || map === null)
    throw badWeights(name, "the index has no weight_map of tensors to files");
  const places = new Map<string, string>();
  for (const [tensor, shard] of Object.entries(map)) {
    // Only files beside the index: a path would let an index read any file of the machine.
    if (typeof shard !== "string" || basename(shard) !== shard || !/^[^\\\0]+\.safetensors$/.test(shard))
      throw badWeights(name, `the index names ${quote(String(shard))}, which is no safetensors file beside it`);
    places.set(tensor, shard);
  }
  const count = new Set(places.values()).size;
  if (count === 0 || count > MAX_SHARDS)
    throw badWeights(name, `the index names ${counted(count, "file")}, 1 to ${MAX_SHARDS} fit`);
  return places;
}

/** A run of bytes of the joined file. */
interface Piece {
  readonly start: number;
  readonly end: number;
  readonly read: ByteSource["read"];
}

async function joined(
  name: string,
  places: ReadonlyMap<string, string>,
  shards: readonly ByteSource[],
): Promise<ByteSource> {
  const entries: string[] = [];
  const pieces: Piece[] = [];
  const all = new Map<string, string>();
  let offset = 0; // of the shard's data among the data of all
  for (const source of shards) {
    const { tensors, metadata, dataStart } = await readSafetensorsIndex(source);
    // Files of one checkpoint say the same, if they say anything. Otherwise the first file counts.
    for (const [key, text] of metadata) if (!all.has(key)) all.set(key, text);
    const file = basename(source.name);
    for (const tensor of tensors.values()) {
      if (places.get(tensor.name) !== file)
        throw badWeights(name, `${quote(file)} has the tensor ${quote(tensor.name)}, which the index puts elsewhere`);
      entries.push(headerEntry(tensor, offset - dataStart));
    }
    const length = source.size - dataStart;
    pieces.push({ start: offset, end: offset + length, read: (from, count) => source.read(dataStart + from, count) });
    offset += length;
  }
  if (entries.length !== places.size)
    throw badWeights(name, `the index names ${counted(places.size, "tensor")}, its files hold ${entries.length}`);
  const header = headerBytes([`"__metadata__":${JSON.stringify(Object.fromEntries(all))}`, ...entries]);
  const head = { start: 0, end: header.length, read: async (from: number, n: number) => header.slice(from, from + n) };
  const behind = pieces.map(({ start, end, read }) => ({
    start: start + header.length,
    end: end + header.length,
    read,
  }));
  return sourceOfPieces(name, [head, ...behind], shards);
}

/** The tensor's member of the header; `shift` moves its place in the shard to its place among all data. */
function headerEntry({ name, dtype, shape, offset, byteLength }: PlacedTensor, shift: number): string {
  const data_offsets = [offset + shift, offset + shift + byteLength];
  return `${JSON.stringify(name)}:${JSON.stringify({ dtype: dtype.toUpperCase(), shape, data_offsets })}`;
}

function headerBytes(entries: readonly string[]): Bytes {
  const text = new TextEncoder().encode(`{${entries.join(",")}}`);
  const bytes = new Uint8Array(8 + text.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

function sourceOfPieces(name: string, pieces: readonly Piece[], shards: readonly ByteSource[]): ByteSource {
  return checkedSource(name, pieces.at(-1)?.end ?? 0, {
    async read(offset, length) {
      const out = new Uint8Array(length);
      for (const { start, end, read } of pieces) {
        const from = Math.max(start, offset);
        const to = Math.min(end, offset + length);
        if (from < to) out.set(await read(from - start, to - from), from - offset);
      }
      return out;
    },
    async close() {
      await Promise.all(shards.map((shard) => shard.close()));
    },
  });
}
