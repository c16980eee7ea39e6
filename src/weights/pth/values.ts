/**
 * The records that a pickle's objects become. Nothing in this folder makes an object of a class that a file names, and
 * nothing calls anything by name.
 */

import type { StoredDType, UnreadDType } from "../dtype.js";
import type { StridedView } from "./strided.js";

export type PickleValue =
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
    readonly items: PickleValue[],
  ) {}
}

/** A Python dict or OrderedDict, as pairs in insertion order. Of equal keys the later one counts. */
export class Dict {
  readonly entries: [PickleValue, PickleValue][] = [];
}

/** How a storage's elements are stored. */
export type ElementType = StoredDType | UnreadDType;

export type GlobalRole =
  | { readonly kind: "storage"; readonly dtype: ElementType }
  | { readonly kind: "dtype"; readonly dtype: ElementType }
  | { readonly kind: "rebuild"; readonly form: "tensor" | "tensor-v3" | "parameter" | "from-type" }
  | { readonly kind: "parameter" | "dict" | "set" | "size" | "inert" };

/** A name from the closed list (globals.ts). */
export class GlobalRef {
  constructor(
    readonly path: string,
    readonly role: GlobalRole,
  ) {}
}

/** A storage, or a window of one in old files: where its bytes are, without the bytes. */
export class StorageRef {
  constructor(
    readonly key: string,
    readonly dtype: ElementType,
    /** Bytes of the whole storage. */
    readonly rootBytes: number,
    /** The bytes of the storage that count as this one. */
    readonly window: ByteWindow = { start: 0, byteLength: rootBytes },
  ) {}
}

export interface ByteWindow {
  readonly start: number;
  readonly byteLength: number;
}

/** A tensor: a strided view of a storage. */
export class TensorRef {
  constructor(
    readonly storage: StorageRef,
    readonly dtype: ElementType,
    readonly view: StridedView,
    /** PyTorch's lazy negation: the values are the stored ones times -1. */
    readonly isNegated = false,
  ) {}
}

/** torch.nn.Parameter; PyTorch 0.1 fills in `data` after making it. */
export class Parameter {
  constructor(public data: TensorRef | undefined) {}
}

/**
 * A harmless object that no reader of weights looks into: argparse.Namespace, a numpy scalar, a sparse tensor. Its
 * arguments, items and attributes are dropped.
 */
export class Opaque {
  constructor(readonly path: string) {}
}

/** A non-negative whole number that a file gave as an int or a long; undefined for anything else. */
export function wholeNumber(value: PickleValue | undefined): number | undefined {
  const number = typeof value === "bigint" ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/** The items of a list, tuple or set; none for anything else. */
export function itemsOf(value: PickleValue | undefined): readonly PickleValue[] {
  return value instanceof Sequence ? value.items : [];
}
