/**
 * The problem of one kernel call: its shapes and attributes. Everything here is known before any memory is allocated.
 */
import type { Borders } from "./border.js";
import type { LayoutName } from "./layout.js";
import type { Nchw, Shape } from "./shape.js";

/** One number for both axes, or [rows, columns]. */
export type Pair = number | readonly [number, number];
export type AttrValue = number | boolean | string | Pair;
export type Attrs = Readonly<Record<string, AttrValue>>;

/** [rows, columns] of an attribute such as stride or padding. */
export const pair = (value: Pair): readonly [number, number] => (typeof value === "number" ? [value, value] : value);

/** An operand that lives on the GPU. The plan decides where. */
export interface TensorSpec {
  readonly role: "tensor";
  readonly layout: LayoutName;
  readonly optional?: boolean;
}

/** An output. */
export interface OutputSpec extends TensorSpec {
  /**
   * The input that it is written over: one read-write binding serves both, and the input's shape and layout are its
   * own. Optimisers update parameters so.
   */
  readonly updates?: string;
}

/** A constant operand. The host packs it once for each variant that reads it. */
export interface WeightSpec {
  readonly role: "weight";
  readonly optional?: boolean;
}

export type InputSpecs = Readonly<Record<string, TensorSpec | WeightSpec>>;
export type OutputSpecs = Readonly<Record<string, OutputSpec>>;

type OneShape<S> = S extends { role: "weight" } ? Shape : Nchw;
type MaybeShape<S> = S extends { optional: true } ? OneShape<S> | undefined : OneShape<S>;
export type InputShapes<I> = { readonly [K in keyof I]: MaybeShape<I[K]> };
export type OutputShapes<O> = { readonly [K in keyof O]: MaybeShape<O[K]> };

/** Input shapes, output shapes and attributes of one call. */
export interface Problem<I, O, A> {
  readonly in: InputShapes<I>;
  readonly out: OutputShapes<O>;
  readonly attrs: A;
  /** Borders of zeros that tensors have in memory; see border.ts. */
  readonly borders?: Borders;
}

/** A problem of any kernel, with its key types erased. */
export type AnyProblem = Problem<InputSpecs, OutputSpecs, Attrs>;

/** A uniform. Every uniform is a 4-byte scalar, so WGSL's alignment rules never add padding between fields. */
export interface Scalar {
  readonly type: "u32" | "i32" | "f32";
  readonly value: number;
}
export const u32 = (value: number): Scalar => ({ type: "u32", value });
export const i32 = (value: number): Scalar => ({ type: "i32", value });
export const f32 = (value: number): Scalar => ({ type: "f32", value });

/** `GROUPS=1 IN_C=64`: attributes or constants in the order of their names, for keys and labels. */
export function settingsText(settings: Attrs): string {
  const names = Object.keys(settings).sort();
  return names.map((name) => `${name}=${String(settings[name])}`).join(" ");
}
