/**
 * The interface of every checkpoint reader, whatever the container: names, shapes and dtypes at once, values on demand.
 * Not here: which tensors a model needs (names.ts) or how it uses them.
 */

import type { FcnError } from "../base/errors.js";
import { isReadable } from "./dtype.js";
import type { StoredDType, UnreadDType } from "./dtype.js";
import { badWeights, quote } from "./source.js";

/** A tensor of a checkpoint, without its values. */
export interface TensorInfo {
  /** As in the file. */
  readonly name: string;
  /** PyTorch's order, for a convolution [out_channels, in_channels, kH, kW]; [] for a scalar. */
  readonly shape: readonly number[];
  /** As stored in the file. Tensors of an UnreadDType are listed, and reading one is an error. */
  readonly dtype: StoredDType | UnreadDType;
}

/** The file format of a checkpoint: safetensors, one of the three that PyTorch has written, or none. */
export type Container = "safetensors" | "pth-zip" | "pth-legacy" | "pth-tar" | "memory";

/** An open checkpoint of any format: names, shapes and types at once, values on demand. */
export interface Checkpoint {
  /** The format of its file. */
  readonly container: Container;
  /** The source's name, for messages. */
  readonly name: string;
  /** Size of the file. */
  readonly bytes: number;
  /** safetensors: its `__metadata__`. .pth: where the state dict was found (`state_dict`, `prefix`). */
  readonly metadata: ReadonlyMap<string, string>;
  /** In file order. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /**
   * The tensor in row-major order as float32, in fresh memory.
   * @throws bad-weights for an unknown name or a failed read; disposed after close()
   */
  read(name: string): Promise<Float32Array<ArrayBuffer>>;
  /** As read(), of a part: `count` slices of the first axis, from slice `first` on. No more is read from the file. */
  readSlices(name: string, first: number, count: number): Promise<Float32Array<ArrayBuffer>>;
  /** The same as read(), as float64: exact for every dtype (int64 up to 2^53). */
  readFloat64(name: string): Promise<Float64Array<ArrayBuffer>>;
  /** Closes the source. Idempotent. */
  close(): Promise<void>;
}

/** More dimensions than any real tensor has (PyTorch allows 64). It bounds what one entry of a bad file can claim. */
export const MAX_RANK = 32;

/** Number of elements; undefined where it is not a safe integer. As in safetensors, overflow counts even beside a 0. */
export function countElements(shape: readonly number[]): number | undefined {
  let count = 1;
  for (const size of shape) {
    count *= size;
    if (!Number.isSafeInteger(count)) return undefined;
  }
  return count;
}

/** The format of a tensor that is about to be read. @throws bad-weights for formats that are not read */
export function readableDType(file: string, { name, dtype }: TensorInfo): StoredDType {
  if (isReadable(dtype)) return dtype;
  throw badWeights(file, `tensor ${quote(name)} holds ${dtype}, which cannot be read; save it as float32`);
}

/** The error of `read()` for a name that `tensors` does not have. */
export function noSuchTensor(file: string, name: string): FcnError {
  return badWeights(file, `it has no tensor ${quote(name)}`);
}

/** Slices of a tensor's first axis. */
export interface SliceRange {
  readonly first: number;
  readonly count: number;
}

/** How many slices the tensor has along its first axis. @throws bad-weights for a range outside of them */
export function checkedSlices(file: string, { name, shape }: TensorInfo, { first, count }: SliceRange): number {
  const [slices = 0] = shape;
  const isWhole = Number.isInteger(first) && Number.isInteger(count);
  if (isWhole && first >= 0 && count >= 1 && first + count <= slices) return slices;
  throw badWeights(file, `tensor ${quote(name)} has no slices ${first} to ${first + count}, only ${slices}`);
}

/** The keys that lead to a .pth file's dictionary, joined by dots; "" at its top, and for other containers. */
export const dictionaryOf = ({ container, metadata }: Pick<Checkpoint, "container" | "metadata">): string =>
  container === "safetensors" ? "" : (metadata.get("state_dict") ?? "");
