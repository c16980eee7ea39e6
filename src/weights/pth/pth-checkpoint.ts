/**
 * A Checkpoint from an unpickled state dict and a store of raw storages, whichever of the three .pth containers they
 * came from. Checks every tensor against its storage when the file is opened, so that reading cannot run outside it.
 */

import { formatShape } from "../../kernel/shape.js";
import { checkedSlices, countElements, noSuchTensor, readableDType } from "../checkpoint.js";
import type { Checkpoint, Container, SliceRange, TensorInfo } from "../checkpoint.js";
import { dtypeBits, toFloat32, toFloat64 } from "../dtype.js";
import type { StoredDType } from "../dtype.js";
import { badWeights, quote } from "../source.js";
import type { Bytes, ByteSource } from "../source.js";
import { findStateDict } from "./state-dict.js";
import type { StateDict } from "./state-dict.js";
import { extent, gather, isContiguous } from "./strided.js";
import type { PickleValue, TensorRef } from "./values.js";

type ReadableTensor = Pick<TensorRef, "storage" | "view" | "isNegated"> & {
  readonly name: string;
  readonly dtype: StoredDType;
};

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

/** What a container's reader has found. */
interface Unpacked {
  readonly container: Container;
  /** The pickled object. */
  readonly root: PickleValue;
  readonly store: StorageStore;
  /** The dictionary that was asked for, as a path of keys joined by dots. */
  readonly stateDict: string | undefined;
}

/** @throws bad-weights when there is no state dict or a tensor of it does not fit its storage */
export function makeCheckpoint(source: ByteSource, { container, root, store, stateDict }: Unpacked): Checkpoint {
  const file = source.name;
  const state = findStateDict(root, file, stateDict);
  const tensors = new Map<string, TensorInfo>();
  let total = 0;
  for (const [name, tensor] of state.tensors) {
    checkStorage(file, name, tensor, store);
    total += bytesToRead(file, name, tensor);
    tensors.set(name, { name, shape: tensor.view.shape, dtype: tensor.dtype });
  }
  if (total > growthLimit(source.size)) {
    const allowed = `${MAX_GROWTH} times the ${source.size} bytes of the file`;
    throw badWeights(file, `its tensors come to ${total} bytes, more than ${allowed}`);
  }
  const find = (name: string): ReadableTensor => {
    const tensor = state.tensors.get(name);
    const info = tensors.get(name);
    if (tensor === undefined || info === undefined) throw noSuchTensor(file, name);
    return { ...tensor, name, dtype: readableDType(file, info) };
  };
  return {
    container,
    name: file,
    bytes: source.size,
    metadata: metadataOf(state),
    tensors,
    read: async (name) => load(store, find(name), toFloat32, Float32Array),
    readSlices: async (name, first, count) =>
      load(store, slicesOf(file, find(name), { first, count }), toFloat32, Float32Array),
    readFloat64: async (name) => load(store, find(name), toFloat64, Float64Array),
    close: () => source.close(),
  };
}

/** Fails unless the storage of the tensor is in the file, with as many bytes as the pickle says. */
function checkStorage(file: string, name: string, { storage }: TensorRef, store: StorageStore): void {
  const stored = store.byteLength(storage.key);
  const [tensor, key] = [`tensor ${quote(name)}`, `storage ${quote(storage.key)}`];
  if (stored === undefined) throw badWeights(file, `${tensor} lies in ${key}, which is missing from the file`);
  if (stored !== storage.rootBytes)
    throw badWeights(file, `${key} of ${tensor} should have ${storage.rootBytes} bytes and has ${stored}`);
}

/** Bytes that reading the tensor takes. @throws bad-weights when it reaches beyond its storage */
function bytesToRead(file: string, name: string, { storage, dtype, view }: TensorRef): number {
  const tensor = `tensor ${quote(name)}`;
  const shape = formatShape(view.shape);
  const count = countElements(view.shape);
  const width = dtypeBits(dtype) / 8;
  const reach = (view.offset + extent(view)) * width;
  if (count === undefined || !Number.isSafeInteger(reach))
    throw badWeights(file, `${tensor} has shape ${shape}, whose size overflows`);
  if (count === 0) return 0;
  const { byteLength } = storage.window;
  if (reach > byteLength)
    throw badWeights(file, `${tensor} ${shape} reaches to byte ${reach} of a storage of ${byteLength} bytes`);
  return Math.max(Float32Array.BYTES_PER_ELEMENT * count, extent(view) * width);
}

function metadataOf({ path, prefix }: StateDict): Map<string, string> {
  const metadata = new Map<string, string>();
  if (path.length > 0) metadata.set("state_dict", path.join("."));
  if (prefix !== "") metadata.set("prefix", prefix);
  return metadata;
}

/** Some slices of the tensor's first axis, as a tensor. */
function slicesOf(file: string, { view, ...tensor }: ReadableTensor, range: SliceRange): ReadableTensor {
  checkedSlices(file, { ...tensor, shape: view.shape }, range);
  const { shape, strides, offset } = view;
  const start = offset + range.first * (strides[0] ?? 0);
  return { ...tensor, view: { offset: start, shape: [range.count, ...shape.slice(1)], strides } };
}

async function load<T extends Float32Array | Float64Array>(
  store: StorageStore,
  { storage, dtype, view, isNegated }: ReadableTensor,
  convert: (bytes: Bytes, dtype: StoredDType) => T,
  Numbers: new (length: number) => T,
): Promise<T> {
  const count = countElements(view.shape) ?? 0;
  const width = dtypeBits(dtype) / 8;
  const start = count === 0 ? 0 : storage.window.start + view.offset * width;
  const bytes = await store.read(storage.key, start, extent(view) * width);
  const numbers = convert(bytes, dtype);
  const values = isContiguous(view) ? numbers : gather(numbers, view, new Numbers(count));
  if (isNegated) for (let i = 0; i < values.length; i++) values[i] = -(values[i] as number);
  return values;
}
