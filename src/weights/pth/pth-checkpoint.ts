/**
 * A Checkpoint from an unpickled state dict and a store of raw storages, whichever of the three .pth containers they
 * came from. Checks every tensor against its storage when the file is opened, so that reading cannot run outside it.
 */

import { countElements, showShape } from "../checkpoint.js";
import type { Checkpoint, Container, TensorInfo } from "../checkpoint.js";
import { DTYPE_BYTES, toFloat32, toFloat64 } from "../dtype.js";
import { badWeights, quote } from "../source.js";
import type { Bytes, ByteSource } from "../source.js";
import { findStateDict } from "./state-dict.js";
import { extent, gather, isContiguous } from "./strided.js";
import type { TensorRef, Value } from "./values.js";

/** The bytes behind storage keys. */
export interface StorageStore {
  /** Bytes of a storage, undefined where the file has none of that key. */
  byteLength(key: string): number | undefined;
  read(key: string, offset: number, length: number): Promise<Bytes>;
}

/**
 * Tensors may share storages and repeat elements (stride 0), so a small file can describe huge ones. Honest files stay
 * near 1 (float32) or 2 (float16 read as float32) times their size; deflated ones a little above.
 */
const MAX_GROWTH = 32;
const SLACK = 1 << 20;

/** Most bytes that may come out of a file of `size` bytes. */
export function growthLimit(size: number): number {
  return MAX_GROWTH * size + SLACK;
}

/** Checks one tensor; gives the bytes that reading it will take. */
function check(file: string, name: string, tensor: TensorRef, store: StorageStore): number {
  const { storage, shape, strides, offset, dtype } = tensor;
  const what = `tensor ${quote(name)}`;
  const stored = store.byteLength(storage.key);
  if (stored === undefined)
    throw badWeights(file, `${what} lies in storage ${quote(storage.key)}, which is missing from the file`);
  if (stored !== storage.rootBytes) {
    throw badWeights(
      file,
      `storage ${quote(storage.key)} of ${what} should have ${storage.rootBytes} bytes and has ${stored}`,
    );
  }
  const count = countElements(shape);
  const width = DTYPE_BYTES[dtype];
  const reach = (offset + extent(shape, strides)) * width;
  if (count === undefined || !Number.isSafeInteger(reach))
    throw badWeights(file, `${what} has shape ${showShape(shape)}, whose size overflows`);
  if (count > 0 && reach > storage.byteLength) {
    throw badWeights(
      file,
      `${what} ${showShape(shape)} reaches to byte ${reach} of a storage of ${storage.byteLength} bytes`,
    );
  }
  return Math.max(4 * count, count === 0 ? 0 : extent(shape, strides) * width);
}

/** Throws `bad-weights` when there is no state dict or a tensor of it does not fit its storage. */
export function makeCheckpoint(source: ByteSource, container: Container, root: Value, store: StorageStore): Checkpoint {
  const file = source.name;
  const state = findStateDict(root, file);
  const infos = new Map<string, TensorInfo>();
  let total = 0;
  for (const [name, tensor] of state.tensors) {
    total += check(file, name, tensor, store);
    infos.set(name, { name, shape: tensor.shape, dtype: tensor.dtype });
  }
  if (total > growthLimit(source.size)) {
    throw badWeights(
      file,
      `its tensors come to ${total} bytes, more than ${MAX_GROWTH} times the ${source.size} bytes of the file`,
    );
  }
  const metadata = new Map<string, string>();
  if (state.path.length > 0) metadata.set("state_dict", state.path.join("."));
  if (state.prefix !== "") metadata.set("prefix", state.prefix);

  async function load<T extends Float32Array | Float64Array>(
    name: string,
    convert: (bytes: Bytes, dtype: TensorInfo["dtype"]) => T,
    make: (length: number) => T,
  ): Promise<T> {
    const tensor = state.tensors.get(name);
    if (tensor === undefined) throw badWeights(file, `it has no tensor ${quote(name)}`);
    const { storage, shape, strides, offset, dtype } = tensor;
    const width = DTYPE_BYTES[dtype];
    const count = countElements(shape) ?? 0;
    const reach = count === 0 ? 0 : extent(shape, strides);
    const bytes = await store.read(storage.key, count === 0 ? 0 : storage.start + offset * width, reach * width);
    const numbers = convert(bytes, dtype);
    return isContiguous(shape, strides) ? numbers : gather(numbers, shape, strides, make(count));
  }

  return {
    container,
    name: file,
    bytes: source.size,
    metadata,
    tensors: infos,
    read: (name) => load(name, toFloat32, (length) => new Float32Array(length)),
    readFloat64: (name) => load(name, toFloat64, (length) => new Float64Array(length)),
    close: () => source.close(),
  };
}
