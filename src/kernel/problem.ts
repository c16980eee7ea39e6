/**
 * The problem of one kernel call: its shapes and attributes. Everything here is known before any memory is allocated.
 */
import type { Borders } from "./border.js";
import type { LayoutName } from "./layout.js";
import type { Nchw, Shape } from "./shape.js";

/** One number for both axes, or [rows, columns]. */
export type Pair = number | readonly [number, number];
/** The value of an attribute. */
export type AttrValue = number | boolean | string | Pair;
/** Attributes of a kernel call, by name. */
export type Attrs = Readonly<Record<string, AttrValue>>;

/**
 * [rows, columns] of an attribute such as stride or padding, for the shape rule of a kernel.
 * @example
 * import { pair } from "fcn-webgpu/kernels";
 *
 * console.log(pair(2).join(), pair([1, 3]).join()); // prints 2,2 1,3
 */
export const pair = (value: Pair): readonly [number, number] => (typeof value === "number" ? [value, value] : value);

/** An operand that lives on the GPU. The plan decides where. */
export interface TensorSpec {
  /** Tells it from a weight. */
  readonly role: "tensor";
  /** How its values lie in memory, where a variant does not say otherwise. */
  readonly layout: LayoutName;
  /** Whether callers may leave it out. Default false. */
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
  /** Tells it from a tensor. */
  readonly role: "weight";
  /** Whether callers may leave it out. Default false. */
  readonly optional?: boolean;
}

/** Inputs of a kernel by name, in the order of their bindings. */
export type InputSpecs = Readonly<Record<string, TensorSpec | WeightSpec>>;
/** Outputs of a kernel by name, in the order of their bindings. */
export type OutputSpecs = Readonly<Record<string, OutputSpec>>;

type OneShape<S> = S extends { role: "weight" } ? Shape : Nchw;
type MaybeShape<S> = S extends { optional: true } ? OneShape<S> | undefined : OneShape<S>;
/** Shapes by the names of the inputs: [N, C, H, W] of tensors, any of weights. */
export type InputShapes<I> = { readonly [K in keyof I]: MaybeShape<I[K]> };
/** Shapes [N, C, H, W] by the names of the outputs. */
export type OutputShapes<O> = { readonly [K in keyof O]: MaybeShape<O[K]> };

/** Input shapes, output shapes and attributes of one call. */
export interface Problem<I, O, A> {
  /** Shapes of the inputs by name. */
  readonly in: InputShapes<I>;
  /** Shapes of the outputs by name. */
  readonly out: OutputShapes<O>;
  /** The attributes, defaults filled in. */
  readonly attrs: A;
  /** Borders of zeros that tensors have in memory; see border.ts. */
  readonly borders?: Borders;
}

/** A problem of any kernel, with its key types erased. */
export type AnyProblem = Problem<InputSpecs, OutputSpecs, Attrs>;

/** A uniform. Every uniform is a 4-byte scalar, so WGSL's alignment rules never add padding between fields. */
export interface Scalar {
  /** Its type in WGSL. */
  readonly type: "u32" | "i32" | "f32";
  /** Its value in this call. */
  readonly value: number;
}
/**
 * A uniform of the type u32.
 * @example
 * import { u32 } from "fcn-webgpu/kernels";
 *
 * const params = ({ width, height }: { width: number; height: number }) => ({ pixels: u32(width * height) });
 * console.log(params({ width: 4, height: 3 }).pixels.value); // prints 12
 */
export const u32 = (value: number): Scalar => ({ type: "u32", value });
/**
 * A uniform of the type i32.
 * @example
 * import { i32 } from "fcn-webgpu/kernels";
 *
 * console.log(i32(-1).type, i32(-1).value); // prints i32 -1
 */
export const i32 = (value: number): Scalar => ({ type: "i32", value });
/**
 * A uniform of the type f32.
 * @example
 * import { f32 } from "fcn-webgpu/kernels";
 *
 * console.log(f32(0.5).type, f32(0.5).value); // prints f32 0.5
 */
export const f32 = (value: number): Scalar => ({ type: "f32", value });

/** `GROUPS=1 IN_C=64`: attributes or constants in the order of their names, for keys and labels. */
export function settingsText(settings: Attrs): string {
  const names = Object.keys(settings).sort();
  return names.map((name) => `${name}=${String(settings[name])}`).join(" ");
}
