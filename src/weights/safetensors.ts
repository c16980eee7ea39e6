/**
 * Reader of safetensors: u64 header length, JSON header, tensor bytes. Applies every safety rule of the format before
 * any tensor is touched: the header fits the file, tensors lie back to back from 0 to the end with no hole and no
 * overlap, and each has exactly the bytes its shape and dtype need.
 *
 * Not here: the JSON (safetensors-header.ts), number formats (dtype.ts).
 * https://github.com/huggingface/safetensors#format and safetensors/src/tensor.rs there
 */

import { formatShape } from "../kernel/shape.js";
import { readU64 } from "./bytes.js";
import { checkedSlices, countElements, noSuchTensor, readableDType } from "./checkpoint.js";
import type { Checkpoint, SliceRange, TensorInfo } from "./checkpoint.js";
import { DTYPE_BYTES, UNREAD_DTYPES, dtypeBits, toFloat32, toFloat64 } from "./dtype.js";
import type { StoredDType, UnreadDType } from "./dtype.js";
import { MAX_HEADER_BYTES, parseSafetensorsHeader } from "./safetensors-header.js";
import type { HeaderEntry } from "./safetensors-header.js";
import { badWeights, quote } from "./source.js";
import type { Bytes, ByteSource } from "./source.js";

type FileDType = StoredDType | UnreadDType;

/** By the names of the format, which are ours in capitals. */
const DTYPES: ReadonlyMap<string, FileDType> = new Map(
  [...Object.keys(DTYPE_BYTES), ...UNREAD_DTYPES].map((name) => [name.toUpperCase(), name.toLowerCase() as FileDType]),
);

/** Bytes of the header length, in front of the header. */
const LENGTH_BYTES = 8;

export interface PlacedTensor extends TensorInfo {
  /** Absolute position in the file. */
  readonly offset: number;
  readonly byteLength: number;
}

async function readHeaderText(source: ByteSource): Promise<{ text: string; dataStart: number }> {
  const { name, size } = source;
  if (size < LENGTH_BYTES)
    throw badWeights(name, `a safetensors file starts with an 8-byte length, this one has ${size} bytes in all`);
  // Compared as BigInt: 2^60 as a Number would still compare, but a length such as 2^64-1 must not round first.
  const length = await readU64(source, 0);
  const rest = size - LENGTH_BYTES;
  const claim = `its safetensors header claims ${length} bytes`;
  if (length > BigInt(MAX_HEADER_BYTES))
    throw badWeights(name, `${claim}, more than the format's limit of ${MAX_HEADER_BYTES}`);
  if (length > BigInt(rest)) throw badWeights(name, `${claim}, but only ${rest} follow; it may be cut off`);
  const bytes = await source.read(LENGTH_BYTES, Number(length));
  if (bytes[0] !== 0x7b) throw badWeights(name, 'its safetensors header does not start with "{"');
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return { text, dataStart: LENGTH_BYTES + Number(length) };
  } catch (cause) {
    throw badWeights(name, "its safetensors header is not UTF-8 text", cause);
  }
}

/** The dtype of an entry whose bytes are as many as its shape and dtype need. */
function checkedDType(file: string, { name, dtype: code, shape, begin, end }: HeaderEntry): FileDType {
  const tensor = `tensor ${quote(name)}`;
  const dtype = DTYPES.get(code);
  if (dtype === undefined) {
    throw badWeights(file, `${tensor} has dtype ${quote(code)}; this reader knows ${[...DTYPES.keys()].join(", ")}`);
  }
  const needed = ((countElements(shape) ?? NaN) * dtypeBits(dtype)) / 8;
  if (!Number.isSafeInteger(needed)) {
    const fault = needed % 1 ? "is no whole number of bytes" : "overflows";
    throw badWeights(file, `${tensor} has shape ${formatShape(shape)}, whose size ${fault}`);
  }
  if (end - begin !== needed) {
    const needs = `${tensor} ${code} ${formatShape(shape)} needs ${needed} bytes`;
    throw badWeights(file, `${needs}, its data_offsets [${begin},${end}] hold ${end - begin}`);
  }
  return dtype;
}

/** Where each tensor lies, after all checks, in file order. */
function placeTensors(
  file: string,
  entries: readonly HeaderEntry[],
  dataStart: number,
  size: number,
): Map<string, PlacedTensor> {
  const space = size - dataStart;
  // Writers may list tensors in any order; the rule about holes is about positions. Empty tensors sort before others.
  const sorted = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  const placed = new Map<string, PlacedTensor>();
  let next = 0;
  for (const entry of sorted) {
    const { name, shape, begin, end } = entry;
    const dtype = checkedDType(file, entry);
    const tensor = `tensor ${quote(name)}`;
    if (begin !== next) {
      const fault = begin < next ? "overlaps the tensor before it" : "leaves a hole";
      throw badWeights(file, `${tensor} starts at byte ${begin} of the data where ${next} is due, which ${fault}`);
    }
    if (end > space) {
      const claim = `${tensor} ends at byte ${end} of the data, but the file holds ${space}`;
      throw badWeights(file, `${claim}; it may be cut off`);
    }
    placed.set(name, { name, shape, dtype, offset: dataStart + begin, byteLength: end - begin });
    next = end;
  }
  if (next !== space)
    throw badWeights(file, `its tensors end at byte ${next} of the data, but ${space} bytes are there`);
  return placed;
}

/** The header of a file, checked in full. */
interface SafetensorsIndex {
  /** In the order of their data. */
  readonly tensors: ReadonlyMap<string, PlacedTensor>;
  readonly metadata: ReadonlyMap<string, string>;
  /** Where the data begin. */
  readonly dataStart: number;
}

/** Reads the header only. @throws bad-weights */
export async function readSafetensorsIndex(source: ByteSource): Promise<SafetensorsIndex> {
  const { text, dataStart } = await readHeaderText(source);
  const { entries, metadata } = parseSafetensorsHeader(text, source.name);
  return { tensors: placeTensors(source.name, entries, dataStart, source.size), metadata, dataStart };
}

/** Opens a safetensors file. Reads the header only; takes over the source. @throws bad-weights */
export async function openSafetensors(source: ByteSource): Promise<Checkpoint> {
  const { tensors, metadata } = await readSafetensorsIndex(source);

  async function load(name: string, slices?: SliceRange): Promise<[Bytes, StoredDType]> {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw noSuchTensor(source.name, name);
    const dtype = readableDType(source.name, tensor);
    if (!slices) return [await source.read(tensor.offset, tensor.byteLength), dtype];
    const sliceBytes = tensor.byteLength / checkedSlices(source.name, tensor, slices);
    return [await source.read(tensor.offset + slices.first * sliceBytes, slices.count * sliceBytes), dtype];
  }

  return {
    container: "safetensors",
    name: source.name,
    bytes: source.size,
    metadata,
    tensors,
    read: async (name) => toFloat32(...(await load(name))),
    readSlices: async (name, first, count) => toFloat32(...(await load(name, { first, count }))),
    readFloat64: async (name) => toFloat64(...(await load(name))),
    close: () => source.close(),
  };
}
