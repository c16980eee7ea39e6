/**
 * Writer of safetensors as a stream of chunks: the header first, then one tensor at a time, so that a 218 MB checkpoint
 * is never in memory as a whole. float32 or float16 out.
 *
 * Not here: files. The caller writes the chunks, to a temporary name first, and renames when all have arrived.
 * https://github.com/huggingface/safetensors#format
 */

import { FcnError } from "../base/errors.js";
import { countElements, MAX_RANK, showShape } from "./checkpoint.js";
import { DTYPE_BYTES, float32ToFloat16 } from "./dtype.js";
import { quote } from "./source.js";
import type { Bytes } from "./source.js";

export interface TensorToWrite {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: "f32" | "f16";
  /** Row-major values, as many as the shape says. Called once, when it is the tensor's turn. */
  readonly read: () => Promise<Float32Array<ArrayBuffer>> | Float32Array<ArrayBuffer>;
}

function bad(sentence: string): FcnError {
  return new FcnError("bad-weights", `writing safetensors: ${sentence}`);
}

function headerBytes(tensors: readonly TensorToWrite[], metadata: ReadonlyMap<string, string>): Bytes {
  const seen = new Set<string>(["__metadata__", "__proto__"]); // names that no tensor may have
  const parts: string[] = [];
  if (metadata.size > 0) {
    const pairs = [...metadata].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
    parts.push(`"__metadata__":{${pairs.join(",")}}`);
  }
  let offset = 0;
  for (const { name, shape, dtype } of tensors) {
    if (seen.has(name)) throw bad(`the tensor name ${quote(name)} is reserved or comes twice`);
    seen.add(name);
    const count = countElements(shape);
    const end = offset + (count ?? NaN) * DTYPE_BYTES[dtype];
    if (
      !Number.isSafeInteger(end) ||
      shape.length > MAX_RANK ||
      shape.some((size) => !Number.isSafeInteger(size) || size < 0)
    ) {
      throw bad(`tensor ${quote(name)} has the impossible shape ${showShape(shape)}`);
    }
    parts.push(
      `${JSON.stringify(name)}:{"dtype":"${dtype.toUpperCase()}","shape":[${shape.join(",")}],"data_offsets":[${offset},${end}]}`,
    );
    offset = end;
  }
  const text = new TextEncoder().encode(`{${parts.join(",")}}`);
  // Padded with spaces so that the data start at a multiple of 8, as the reference implementation does.
  const length = Math.ceil(text.length / 8) * 8;
  if (length > 100_000_000) throw bad(`the header has ${length} bytes, the format allows 100000000`);
  const out = new Uint8Array(8 + length).fill(0x20);
  new DataView(out.buffer).setBigUint64(0, BigInt(length), true);
  out.set(text, 8);
  return out;
}

/** Bytes that writing these tensors will take, header included. Throws `bad-weights` like the writer. */
export function safetensorsSize(
  tensors: readonly TensorToWrite[],
  metadata: ReadonlyMap<string, string> = new Map(),
): number {
  const data = tensors.reduce((sum, { shape, dtype }) => sum + (countElements(shape) ?? NaN) * DTYPE_BYTES[dtype], 0);
  return headerBytes(tensors, metadata).byteLength + data;
}

/**
 * The file, chunk by chunk, in the order given (wider dtypes first keeps every tensor aligned). float16 rounds to
 * nearest even; a finite value beyond 65504 is refused, because it would become infinity without a word.
 */
export async function* writeSafetensors(
  tensors: readonly TensorToWrite[],
  metadata: ReadonlyMap<string, string> = new Map(),
): AsyncGenerator<Bytes, void, undefined> {
  yield headerBytes(tensors, metadata);
  for (const tensor of tensors) {
    const { name, shape, dtype } = tensor;
    const values = await tensor.read();
    const count = countElements(shape);
    if (values.length !== count)
      throw bad(`tensor ${quote(name)} ${showShape(shape)} needs ${count} values and got ${values.length}`);
    if (dtype === "f32") {
      yield new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      continue;
    }
    const halves = float32ToFloat16(values);
    for (let i = 0; i < halves.length; i++) {
      if (((halves[i] ?? 0) & 0x7fff) === 0x7c00 && Number.isFinite(values[i])) {
        throw bad(`tensor ${quote(name)} holds ${values[i]}, beyond float16's 65504; write it as f32`);
      }
    }
    yield new Uint8Array(halves.buffer);
  }
}
