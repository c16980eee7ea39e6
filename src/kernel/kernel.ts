/**
 * One declaration per kernel. `defineKernel` holds the inputs and outputs (key order = binding order), the attributes
 * with their defaults, the shape rule, the uniforms, the pipeline constants, the cost, and the variants (the naive one
 * first). Validation, bind group layouts, pipeline keys, tests and benchmarks are derived from it. What a kernel
 * computes, and the paper or operator that defines it, is described in comments, which pages do not download.
 *
 * This file only declares. See gpu/pipelines.ts, gpu/run-kernel.ts and plan/plan.ts for the code that runs kernels.
 */
import { badShape, hasNo } from "../base/errors.js";
import { describeValue } from "../base/options.js";
import type { Borders } from "./border.js";
import type {
  AnyProblem,
  Attrs,
  AttrValue,
  InputShapes,
  InputSpecs,
  OutputShapes,
  OutputSpecs,
  Problem,
  Scalar,
} from "./problem.js";
import { formatShape } from "./shape.js";
import type { Shape } from "./shape.js";
import type { KernelVariant } from "./variant.js";

/** What a kernel call needs at least, for rooflines and profiles. */
export interface Cost {
  /** Multiply-adds count as two. */
  readonly flops: number;
  /** The least number of bytes that must move: each input read once, each output written once. */
  readonly bytes: number;
}

/**
 * The declaration of a kernel: its inputs I, outputs O and attributes A. docs/write-a-kernel.md builds one.
 */
export interface KernelDef<I, O, A> {
  /** The name of the kernel's folder in shaders/. */
  readonly name: string;
  /** Text of the .wgsl files of the kernel's folder, by name without the extension. */
  readonly shaders: Readonly<Record<string, string>>;
  /** Tensors and weights that it reads, in the order of their bindings. */
  readonly inputs: I;
  /** Tensors that it writes, in the order of their bindings after the inputs. */
  readonly outputs: O;
  /** Attributes with their defaults. A value's type is that of its default. */
  readonly attrs: A;
  /** Checks the inputs and returns the outputs' shapes. @throws bad-shape with the numbers */
  shape(shapes: InputShapes<I>, attrs: A): OutputShapes<O>;
  /** Uniforms: what varies with the image. Key order = field order of `struct Params`. */
  params(problem: Problem<I, O, A>): Readonly<Record<string, Scalar>>;
  /** Pipeline constants: what the layer fixes. */
  overrides(problem: Problem<I, O, A>): Readonly<Record<string, number>>;
  /** Operations and bytes of a call. */
  cost(problem: Problem<I, O, A>): Cost;
  /** The naive one first. The default is the last one whose `when` and `prefer` hold. */
  readonly variants: Readonly<Record<string, KernelVariant<Problem<NoInfer<I>, NoInfer<O>, NoInfer<A>>>>>;
}

/** A kernel with its key types erased. Plans, tests and benchmarks iterate over these. */
export type Kernel = KernelDef<InputSpecs, OutputSpecs, Attrs>;

/** Declares a kernel, with the types of its inputs, outputs and attributes. */
export function defineKernel<const I extends InputSpecs, const O extends OutputSpecs, A extends Attrs>(
  definition: KernelDef<I, O, A>,
): KernelDef<I, O, A> {
  return Object.freeze(definition);
}

/** Drops the key types. Sound because every method reads its own keys from the records it is given. */
export function erase<I, O, A>(kernel: KernelDef<I, O, A>): Kernel {
  return kernel as unknown as Kernel;
}

/** The caller's attributes over the defaults. @throws bad-shape for an unknown or mistyped attribute */
export function resolveAttrs(kernel: Kernel, given: Attrs = {}): Attrs {
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(kernel.attrs, key)) {
      throw badShape(hasNo(kernel.name, "attribute", key, Object.keys(kernel.attrs)));
    }
    const type = typeof kernel.attrs[key];
    if (!hasType(value, type)) {
      const got = typeof value === "string" ? `"${value}"` : [value].flat().map(describeValue).join();
      throw badShape(`${kernel.name}: attribute ${key} needs a ${type}, got ${got}`);
    }
  }
  return { ...kernel.attrs, ...given };
}

function hasType(value: AttrValue, type: string): boolean {
  const isPair = Array.isArray(value);
  const parts = isPair ? value : [value];
  if (isPair && (type !== "number" || parts.length !== 2)) return false;
  return parts.every((part) => typeof part === type && (typeof part !== "number" || Number.isFinite(part)));
}

/** Checks the inputs, then applies the shape rule. @throws bad-shape */
export function makeProblem(
  kernel: Kernel,
  shapes: Readonly<Record<string, Shape | undefined>>,
  given?: Attrs,
  borders?: Borders,
): AnyProblem {
  const attrs = resolveAttrs(kernel, given);
  checkInputs(kernel, shapes);
  const inputs = shapes as InputShapes<InputSpecs>;
  const out = kernel.shape(inputs, attrs);
  for (const [key, shape] of Object.entries(out)) {
    if (shape && !areSizes(shape))
      throw badShape(`${kernel.name}: ${key} has no whole sizes; an attribute that is no pair needs one number`);
  }
  const problem = { in: inputs, out, attrs };
  return borders ? { ...problem, borders } : problem;
}

function checkInputs(kernel: Kernel, shapes: Readonly<Record<string, Shape | undefined>>): void {
  for (const key of Object.keys(shapes)) {
    if (!Object.hasOwn(kernel.inputs, key)) {
      throw badShape(hasNo(kernel.name, "input", key, Object.keys(kernel.inputs)));
    }
  }
  for (const [key, spec] of Object.entries(kernel.inputs)) {
    const shape = shapes[key];
    if (shape === undefined) {
      if (!spec.optional) throw badShape(`${kernel.name}: input ${key} is missing`);
      continue;
    }
    if (spec.role === "tensor" && shape.length !== 4) {
      throw badShape(`${kernel.name}: ${key} ${formatShape(shape)} needs 4 dimensions [N, C, H, W]`);
    }
    if (!areSizes(shape))
      throw badShape(`${kernel.name}: ${key} ${formatShape(shape)} has a dimension that is not a positive integer`);
  }
}

/** Spread, because every() passes over what an array leaves out. */
const areSizes = (shape: Shape): boolean => [...shape].every((size) => Number.isInteger(size) && size > 0);
