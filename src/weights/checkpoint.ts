/**
 * What every checkpoint reader gives, whatever the container: names, shapes and dtypes at once, numbers on demand.
 * Not here: which tensors a model needs (names.ts) or how it uses them.
 */

import type { DType } from "./dtype.js";

export interface TensorInfo {
  readonly name: string;
  /** PyTorch's order, for a convolution [out_channels, in_channels, kH, kW]; [] for a scalar. */
  readonly shape: readonly number[];
  /** As stored in the file. */
  readonly dtype: DType;
}

export type Container = "safetensors" | "pth-zip" | "pth-legacy" | "pth-tar";

export interface Checkpoint {
  readonly container: Container;
  /** The source's name, for messages. */
  readonly name: string;
  /** Size of the file. */
  readonly bytes: number;
  /** safetensors `__metadata__`; for .pth files where the state dict was found (`state_dict`, `prefix`). */
  readonly metadata: ReadonlyMap<string, string>;
  /** In file order. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** The tensor in row-major order as float32, in fresh memory. Throws `bad-weights` for an unknown name or a bad read. */
  read(name: string): Promise<Float32Array<ArrayBuffer>>;
  /** The same as float64: exact for every dtype (int64 up to 2^53). */
  readFloat64(name: string): Promise<Float64Array<ArrayBuffer>>;
  /** Closes the source. Idempotent. */
  close(): Promise<void>;
}

/** More dimensions than any tensor has (PyTorch stops at 64); bounds what one entry of a bad file can claim. */
export const MAX_RANK = 32;

/** Number of elements, or undefined where it is not a safe integer. Like safetensors, overflow counts even beside a 0. */
export function countElements(shape: readonly number[]): number | undefined {
  let count = 1;
  for (const size of shape) {
    count *= size;
    if (!Number.isSafeInteger(count)) return undefined;
  }
  return count;
}

/** `[64,3,7,7]`, for messages. */
export function showShape(shape: readonly number[]): string {
  return `[${shape.join(",")}]`;
}
