/**
 * Reader of safetensors: u64 header length, JSON header, tensor bytes. Applies every safety rule of the format before
 * any tensor is touched: the header fits the file, tensors lie back to back from 0 to the end with no hole and no
 * overlap, and each has exactly the bytes its shape and dtype need.
 *
 * Not here: the JSON (safetensors-header.ts), number formats (dtype.ts).
 * https://github.com/huggingface/safetensors#format and safetensors/src/tensor.rs there
 */

import { countElements, showShape } from "./checkpoint.js";
import type { Checkpoint, TensorInfo } from "./checkpoint.js";
import { DTYPE_BYTES, toFloat32, toFloat64 } from "./dtype.js";
import type { DType } from "./dtype.js";
import { parseHeader } from "./safetensors-header.js";
import type { HeaderEntry } from "./safetensors-header.js";
import { badWeights, quote } from "./source.js";
import type { Bytes, ByteSource } from "./source.js";

/** The format's own limit. */
const MAX_HEADER = 100_000_000;

const DTYPES: ReadonlyMap<string, DType> = new Map([
  ["F32", "f32"],
  ["F16", "f16"],
  ["BF16", "bf16"],
  ["F64", "f64"],
  ["I64", "i64"],
  ["I32", "i32"],
  ["I16", "i16"],
  ["I8", "i8"],
  ["U8", "u8"],
  ["BOOL", "bool"],
]);

interface Placed extends TensorInfo {
  /** Absolute position in the file. */
  readonly offset: number;
  readonly byteLength: number;
}

async function readHeaderText(source: ByteSource): Promise<{ text: string; dataStart: number }> {
  const { name, size } = source;
  if (size < 8)
    throw badWeights(name, `a safetensors file starts with an 8-byte length, this one has ${size} bytes in all`);
  const head = await source.read(0, 8);
  // Compared as BigInt: 2^60 as a Number would still compare, but a length such as 2^64-1 must not round first.
  const length = new DataView(head.buffer).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER)) {
    throw badWeights(
      name,
      `its safetensors header claims ${length} bytes, more than the format's limit of ${MAX_HEADER}`,
    );
  }
  if (length > BigInt(size - 8)) {
    throw badWeights(
      name,
      `its safetensors header claims ${length} bytes, but only ${size - 8} follow; it may be cut off`,
    );
  }
  const bytes = await source.read(8, Number(length));
  if (bytes[0] !== 0x7b) throw badWeights(name, 'its safetensors header does not start with "{"');
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return { text, dataStart: 8 + Number(length) };
  } catch (cause) {
    throw badWeights(name, "its safetensors header is not UTF-8 text", cause);
  }
}

/** Where each tensor lies, after all checks, in file order. */
function place(file: string, entries: readonly HeaderEntry[], dataStart: number, size: number): Map<string, Placed> {
  const space = size - dataStart;
  // Writers may list tensors in any order; the rule about holes is about positions. Empty tensors sort before others.
  const sorted = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  const placed = new Map<string, Placed>();
  let next = 0;
  for (const { name, dtype: code, shape, begin, end } of sorted) {
    const tensor = `tensor ${quote(name)}`;
    const dtype = DTYPES.get(code);
    if (dtype === undefined) {
      throw badWeights(file, `${tensor} has dtype ${quote(code)}; this reader knows ${[...DTYPES.keys()].join(", ")}`);
    }
    const count = countElements(shape);
    const needed = count === undefined ? undefined : count * DTYPE_BYTES[dtype];
    if (needed === undefined || !Number.isSafeInteger(needed)) {
      throw badWeights(file, `${tensor} has shape ${showShape(shape)}, whose size overflows`);
    }
    if (end < begin || end - begin !== needed) {
      throw badWeights(
        file,
        `${tensor} ${code} ${showShape(shape)} needs ${needed} bytes, its data_offsets [${begin},${end}] hold ${end - begin}`,
      );
    }
    if (begin !== next) {
      const fault = begin < next ? "overlaps the tensor before it" : "leaves a hole";
      throw badWeights(file, `${tensor} starts at byte ${begin} of the data where ${next} is due, which ${fault}`);
    }
    if (end > space) {
      throw badWeights(
        file,
        `${tensor} ends at byte ${end} of the data, but the file holds ${space}; it may be cut off`,
      );
    }
    placed.set(name, { name, shape, dtype, offset: dataStart + begin, byteLength: needed });
    next = end;
  }
  if (next !== space)
    throw badWeights(file, `its tensors end at byte ${next} of the data, but ${space} bytes are there`);
  return placed;
}

/** Opens a safetensors file. Reads the header only; takes over the source. Throws `bad-weights`. */
export async function openSafetensors(source: ByteSource): Promise<Checkpoint> {
  const { text, dataStart } = await readHeaderText(source);
  const { entries, metadata } = parseHeader(text, source.name);
  const tensors = place(source.name, entries, dataStart, source.size);

  async function load(name: string): Promise<{ bytes: Bytes; dtype: DType }> {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw badWeights(source.name, `it has no tensor ${quote(name)}`);
    return { bytes: await source.read(tensor.offset, tensor.byteLength), dtype: tensor.dtype };
  }

  return {
    container: "safetensors",
    name: source.name,
    bytes: source.size,
    metadata,
    tensors,
    async read(name) {
      const { bytes, dtype } = await load(name);
      return toFloat32(bytes, dtype);
    },
    async readFloat64(name) {
      const { bytes, dtype } = await load(name);
      return toFloat64(bytes, dtype);
    },
    close: () => source.close(),
  };
}
