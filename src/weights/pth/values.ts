/**
 * What a pickle turns into here: plain inert records. Nothing in this folder makes an object of a class that a file
 * names, and nothing ever calls anything by name.
 */

import type { DType } from "../dtype.js";

export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Sequence
  | Dict
  | GlobalRef
  | StorageRef
  | TensorRef
  | Parameter
  | Opaque;

/** A Python list, tuple or set. */
export class Sequence {
  constructor(
    readonly kind: "list" | "tuple" | "set",
    readonly items: Value[],
  ) {}
}

/** A Python dict or OrderedDict, as pairs in insertion order; of equal keys the later counts. */
export class Dict {
  readonly entries: [Value, Value][] = [];
}

export type GlobalRole =
  | { readonly kind: "storage"; readonly dtype: DType }
  | { readonly kind: "dtype"; readonly dtype: DType }
  | { readonly kind: "rebuild"; readonly form: "tensor" | "tensor-v3" | "parameter" | "from-type" }
  | { readonly kind: "parameter" | "dict" | "set" | "size" | "inert" };

/** A name from the closed list (globals.ts). */
export class GlobalRef {
  constructor(
    readonly path: string,
    readonly role: GlobalRole,
  ) {}
}

/** A storage, or a window of one: which bytes, not the bytes. */
export class StorageRef {
  constructor(
    readonly key: string,
    readonly dtype: DType,
    /** Bytes of the whole storage. */
    readonly rootBytes: number,
    /** First byte of this window, and its bytes. The whole storage but for the views of old files. */
    readonly start: number,
    readonly byteLength: number,
  ) {}
}

/** A tensor: a strided view of a storage. */
export class TensorRef {
  constructor(
    readonly storage: StorageRef,
    readonly dtype: DType,
    /** In elements. */
    readonly offset: number,
    readonly shape: readonly number[],
    /** In elements, one per dimension. */
    readonly strides: readonly number[],
  ) {}
}

/** torch.nn.Parameter; PyTorch 0.1 fills in `data` after making it. */
export class Parameter {
  constructor(public data: TensorRef | undefined) {}
}

/** Something harmless that no reader of weights looks into: argparse.Namespace, a numpy scalar, torch.device. */
export class Opaque {
  constructor(readonly path: string) {}
}

/** A non-negative whole number that a file gave as an int or a long; undefined for anything else. */
export function wholeNumber(value: Value | undefined): number | undefined {
  const number = typeof value === "bigint" ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}
