/**
 * Writer of safetensors as a stream of chunks: the header first, then one tensor at a time, so that a 218 MB checkpoint
 * is never in memory as a whole. Writes float32 or float16.
 *
 * Not here: files. The caller writes the chunks, to a temporary name first, and renames when all have arrived.
 * https://github.com/huggingface/safetensors#format
 */

import { FcnError } from "../base/errors.js";
import { alignUp, formatShape } from "../kernel/shape.js";
import { countElements, MAX_RANK } from "./checkpoint.js";
import { DTYPE_BYTES, F16_INFINITY, float32ToFloat16 } from "./dtype.js";
import { MAX_HEADER_BYTES } from "./safetensors-header.js";
import { quote } from "./source.js";
import type { Bytes } from "./source.js";

export interface TensorToWrite {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: "f32" | "f16";
  /** Row-major values, as many as the shape says. Called once, when it is the tensor's turn. */
  readonly read: () => Promise<Float32Array<ArrayBuffer>> | Float32Array<ArrayBuffer>;
}

function cannotWrite(sentence: string): FcnError {
  return new FcnError("bad-weights", `writing safetensors: ${sentence}`);
}

/** Bytes of the tensor's data; NaN for a shape that has no size. */
function dataBytes({ shape, dtype }: TensorToWrite): number {
  return (countElements(shape) ?? NaN) * DTYPE_BYTES[dtype];
}

function checkShape({ name, shape }: TensorToWrite, end: number): void {
  const sizesFit = shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!Number.isSafeInteger(end) || shape.length > MAX_RANK || !sizesFit) {
    throw cannotWrite(`tensor ${quote(name)} has the impossible shape ${formatShape(shape)}`);
  }
}

/** The JSON object of the header. */
function headerText(tensors: readonly TensorToWrite[], metadata: ReadonlyMap<string, string>): string {
  const seen = new Set<string>(["__metadata__", "__proto__"]); // names that no tensor may have
  const members: string[] = [];
  if (metadata.size > 0) {
    const pairs = [...metadata].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
    members.push(`"__metadata__":{${pairs.join(",")}}`);
  }
  let offset = 0;
  for (const tensor of tensors) {
    const { name, shape, dtype } = tensor;
    if (seen.has(name)) throw cannotWrite(`the tensor name ${quote(name)} is reserved or comes twice`);
    seen.add(name);
    const end = offset + dataBytes(tensor);
    checkShape(tensor, end);
    const entry = { dtype: dtype.toUpperCase(), shape, data_offsets: [offset, end] };
    members.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    offset = end;
  }
  return `{${members.join(",")}}`;
}

function headerBytes(tensors: readonly TensorToWrite[], metadata: ReadonlyMap<string, string>): Bytes {
  const text = new TextEncoder().encode(headerText(tensors, metadata));
  // Padded with spaces so that the data start at a multiple of 8, as the reference implementation does.
  const length = alignUp(text.length, 8);
  if (length > MAX_HEADER_BYTES)
    throw cannotWrite(`the header has ${length} bytes, the format allows ${MAX_HEADER_BYTES}`);
  const out = new Uint8Array(8 + length).fill(0x20);
  new DataView(out.buffer).setBigUint64(0, BigInt(length), true);
  out.set(text, 8);
  return out;
}

/** Bytes of the file that these tensors make, header included. @throws bad-weights like the writer */
export function safetensorsSize(
  tensors: readonly TensorToWrite[],
  metadata: ReadonlyMap<string, string> = new Map(),
): number {
  const data = tensors.reduce((sum, tensor) => sum + dataBytes(tensor), 0);
  return headerBytes(tensors, metadata).byteLength + data;
}

/** @throws bad-weights for a finite value beyond 65504, which would become infinity without a word */
function toHalves(name: string, values: Float32Array): Uint16Array<ArrayBuffer> {
  const halves = float32ToFloat16(values);
  for (let i = 0; i < halves.length; i++) {
    const isInfinite = ((halves[i] ?? 0) & 0x7fff) === F16_INFINITY;
    if (isInfinite && Number.isFinite(values[i])) {
      throw cannotWrite(`tensor ${quote(name)} holds ${values[i]}, beyond float16's 65504; write it as f32`);
    }
  }
  return halves;
}

/**
 * The file, chunk by chunk, in the order given (wider dtypes first keeps every tensor aligned). float16 rounds to
 * nearest even.
 * @throws bad-weights for bad names and shapes, a wrong number of values, and values beyond float16's range
 */
export async function* writeSafetensors(
  tensors: readonly TensorToWrite[],
  metadata: ReadonlyMap<string, string> = new Map(),
): AsyncGenerator<Bytes, void, undefined> {
  yield headerBytes(tensors, metadata);
  for (const { name, shape, dtype, read } of tensors) {
    const values = await read();
    const count = countElements(shape);
    if (values.length !== count)
      throw cannotWrite(`tensor ${quote(name)} ${formatShape(shape)} needs ${count} values and got ${values.length}`);
    const data = dtype === "f32" ? values : toHalves(name, values);
    yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
}
