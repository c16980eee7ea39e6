/**
 * One declaration per kernel. `defineKernel` holds once what a compute kernel is: inputs and outputs (key order = binding
 * order), attributes with defaults, the shape rule, the uniforms, the pipeline constants, the cost, and an ordered list of
 * variants (the naive one first). Validation, bind group layouts, pipeline keys, tests and benchmarks are derived from it; what
 * each computes, and the paper or operator that defines it, stands in comments, which no page downloads. This file declares; it
 * runs nothing (see pipelines.ts, plan.ts, run-kernel.ts).
 */
import { badShape } from "../base/errors.js";
import type { LayoutName, Nchw } from "./layout.js";
import { ceilDiv } from "./shape.js";
import type { Shape } from "./shape.js";

/** One number for both axes, or [rows, columns]. */
export type Pair = number | readonly [number, number];
export type AttrValue = number | boolean | string | Pair;
export type Attrs = Readonly<Record<string, AttrValue>>;

/** [rows, columns] of an attribute such as stride or padding. */
export const pair = (value: Pair): readonly [number, number] => (typeof value === "number" ? [value, value] : value);

/** A tensor lives on the GPU and is planned; a weight is a constant that the variant packs once, on the host. */
export interface TensorSpec {
  readonly role: "tensor";
  readonly layout: LayoutName;
  readonly optional?: boolean;
}
export interface WeightSpec {
  readonly role: "weight";
  readonly optional?: boolean;
}
export type InputSpecs = Readonly<Record<string, TensorSpec | WeightSpec>>;
export type OutputSpecs = Readonly<Record<string, TensorSpec>>;

type OneShape<S> = S extends { role: "weight" } ? Shape : Nchw;
type MaybeShape<S> = S extends { optional: true } ? OneShape<S> | undefined : OneShape<S>;
export type InputShapes<I> = { readonly [K in keyof I]: MaybeShape<I[K]> };
export type OutputShapes<O> = { readonly [K in keyof O]: MaybeShape<O[K]> };

/** One instance of a kernel: what is known of it before anything is allocated. */
export interface Problem<I, O, A> {
  readonly in: InputShapes<I>;
  readonly out: OutputShapes<O>;
  readonly attrs: A;
}

/** What variants may ask of the device when they say whether they apply. */
export interface DeviceTraits {
  readonly features: ReadonlySet<string>;
  readonly limits: Readonly<Record<string, number>>;
  readonly vendor: string;
  readonly architecture: string;
  /** Lanes of a subgroup; 0 when the adapter does not say. */
  readonly subgroupSize: number;
  /** Whether the adapter runs on the CPU. */
  readonly software: boolean;
  /** The syntax in which 16x16x16 subgroup matrices of f16 with f32 sums compile here; undefined where there are none. */
  readonly subgroupMatrix?: MatrixSyntax | undefined;
  /** Variants that were found not to compile here, and why. By object: callers may bring a kernel of any name. */
  readonly refused?: ReadonlyMap<object, string>;
}

/** The order of a matrix in memory as a template argument, or as a bool among the arguments as in older Dawn. */
export type MatrixSyntax = "template" | "bool";

/** A uniform: a 4-byte scalar, so that no alignment rule can bite. */
export interface Scalar {
  readonly type: "u32" | "i32" | "f32";
  readonly value: number;
}
export const u32 = (value: number): Scalar => ({ type: "u32", value });
export const i32 = (value: number): Scalar => ({ type: "i32", value });
export const f32 = (value: number): Scalar => ({ type: "f32", value });

/** How activations and weights are stored between kernels; sums, biases and logits are f32 in either case. */
export type Precision = "f32" | "f16";

/** How a weight is laid out for one variant. `name` is part of the key under which the GPU copy is shared. */
export interface Packing<P = Problem<InputSpecs, OutputSpecs, Attrs>> {
  readonly name: string;
  /** "texture": texels of four f32 in rows of WEIGHT_TEXTURE_WIDTH, bound as a read-only rgba32float storage texture. */
  readonly storage?: "buffer" | "texture";
  /** Set where the values are rounded to f16. */
  readonly precision?: "f16";
  pack(data: Float32Array, shape: Shape, problem: P): Float32Array | Uint32Array;
}

export type Extent = readonly [number, number, number];

export interface Variant<P> {
  /** File in the kernel's folder, without the ending. */
  readonly wgsl: string;
  readonly workgroup: Extent;
  /** Set where activations are stored as f16: by default chosen only in plans of that precision. */
  readonly precision?: "f16";
  /** Where this variant reads or writes another layout than the kernel's default. */
  readonly layouts?: Readonly<Record<string, LayoutName>>;
  readonly packing?: Readonly<Record<string, Packing<P>>>;
  /** Features the pipeline needs; without them the variant is not offered. */
  readonly features?: readonly string[];
  /** Lanes a subgroup must have, where the shader counts on them. */
  readonly subgroupSize?: number;
  /** Replaces the initialiser of a top-level `const NAME: T = value;` in the WGSL (register tile sizes). */
  readonly consts?: Readonly<Record<string, number>>;
  /** Whether it can run this problem on this device at all. */
  when?(problem: P, device: DeviceTraits): boolean;
  /** Whether it is worth being the default where it can run; yes when left out. */
  prefer?(problem: P, device: DeviceTraits): boolean;
  /** Uniforms and constants of this variant, where they are not the kernel's own. */
  params?(problem: P): Readonly<Record<string, Scalar>>;
  overrides?(problem: P): Readonly<Record<string, number>>;
  /** Threads needed along x, y, z; the plan divides by the workgroup size and folds a line of them that exceeds the grid limit. */
  threads(problem: P): Extent;
  /** Set where the shader takes its workgroup's id for a place, so that its grid must not be folded. */
  readonly fixedGrid?: true;
}

export interface Cost {
  /** Multiply-adds count as two. */
  readonly flops: number;
  /** Bytes that must move at least: each input read once, each output written once. */
  readonly bytes: number;
}

export interface KernelDef<I, O, A> {
  readonly name: string;
  /** Text of the .wgsl files of the kernel's folder, by name without the ending. */
  readonly shaders: Readonly<Record<string, string>>;
  readonly inputs: I;
  readonly outputs: O;
  readonly attrs: A;
  /** Checks the inputs and gives the outputs' shapes; throws `bad-shape` with the numbers. */
  shape(shapes: InputShapes<I>, attrs: A): OutputShapes<O>;
  /** Uniforms: what varies with the image. Key order = field order of `struct Params`. */
  params(problem: Problem<I, O, A>): Readonly<Record<string, Scalar>>;
  /** Pipeline constants: what the layer fixes. */
  overrides(problem: Problem<I, O, A>): Readonly<Record<string, number>>;
  cost(problem: Problem<I, O, A>): Cost;
  /** The naive one first; the last one whose `when` and `prefer` hold is the default choice. */
  readonly variants: Readonly<Record<string, Variant<Problem<NoInfer<I>, NoInfer<O>, NoInfer<A>>>>>;
}

/** A kernel with its key types erased: what plans, tests and benchmarks iterate over. */
export type Kernel = KernelDef<InputSpecs, OutputSpecs, Attrs>;
export type AnyProblem = Problem<InputSpecs, OutputSpecs, Attrs>;

export function defineKernel<const I extends InputSpecs, const O extends OutputSpecs, A extends Attrs>(
  definition: KernelDef<I, O, A>,
): KernelDef<I, O, A> {
  return Object.freeze(definition);
}

/** Drops the key types. Sound because every method re-reads its own keys from the same records. */
export function erase<I, O, A>(kernel: KernelDef<I, O, A>): Kernel {
  return kernel as unknown as Kernel;
}

/** Attributes given by the caller over the defaults; an unknown or mistyped one is an error, never ignored. */
export function resolveAttrs(kernel: Kernel, given: Attrs = {}): Attrs {
  for (const [key, value] of Object.entries(given)) {
    if (!(key in kernel.attrs)) {
      throw badShape(`${kernel.name}: no attribute "${key}"; it has ${Object.keys(kernel.attrs).join(", ") || "none"}`);
    }
    const expected = typeof kernel.attrs[key];
    const numbers = typeof value === "object" ? value : [value];
    const bad = numbers.some((v) => typeof v !== expected || (typeof v === "number" && !Number.isFinite(v)));
    if (bad || numbers.length !== (typeof value === "object" ? 2 : 1)) {
      throw badShape(`${kernel.name}: attribute ${key} needs a ${expected}, got ${JSON.stringify(value)}`);
    }
  }
  return { ...kernel.attrs, ...given };
}

/** Runs the shape rule after checking that required inputs are there and no unknown one is. */
export function makeProblem(
  kernel: Kernel,
  shapes: Readonly<Record<string, Shape | undefined>>,
  given?: Attrs,
): AnyProblem {
  const attrs = resolveAttrs(kernel, given);
  for (const key of Object.keys(shapes)) {
    if (!(key in kernel.inputs))
      throw badShape(`${kernel.name}: no input "${key}"; it has ${Object.keys(kernel.inputs).join(", ")}`);
  }
  for (const [key, spec] of Object.entries(kernel.inputs)) {
    const shape = shapes[key];
    if (shape === undefined) {
      if (!spec.optional) throw badShape(`${kernel.name}: input ${key} is missing`);
      continue;
    }
    if (spec.role === "tensor" && shape.length !== 4) {
      throw badShape(`${kernel.name}: ${key} [${shape.join(",")}] needs 4 dimensions [N, C, H, W]`);
    }
    if (shape.some((d) => !Number.isInteger(d) || d < 1)) {
      throw badShape(`${kernel.name}: ${key} [${shape.join(",")}] has a dimension that is not a positive integer`);
    }
  }
  const inputs = shapes as InputShapes<InputSpecs>;
  return { in: inputs, out: kernel.shape(inputs, attrs), attrs };
}

/** The layout a variant uses for one of its tensors. */
export function layoutOf(kernel: Kernel, variant: Variant<AnyProblem>, key: string): LayoutName {
  const spec = kernel.outputs[key] ?? kernel.inputs[key];
  if (!spec || spec.role !== "tensor") throw badShape(`${kernel.name}: no tensor "${key}"`);
  return variant.layouts?.[key] ?? spec.layout;
}

/** Whether the device has what the variant needs for any problem at all. */
export function offersVariant(variant: Variant<AnyProblem>, device: DeviceTraits): boolean {
  const { features = [], subgroupSize = device.subgroupSize, workgroup } = variant;
  const fits = workgroup.reduce((a, b) => a * b, 1) <= (device.limits.maxComputeInvocationsPerWorkgroup ?? Infinity);
  return fits && features.every((f) => device.features.has(f)) && subgroupSize === device.subgroupSize;
}

/**
 * Workgroups for the threads a variant asks for. A linear grid longer than the limit (65,535 workgroups on every adapter seen)
 * is folded into rows: kernels find their index as `id.y * num_workgroups.x * WORKGROUP + id.x`.
 */
export function foldedGrid(
  variant: Variant<AnyProblem>,
  problem: AnyProblem,
  limit: number,
): { readonly grid: Extent; readonly fits: boolean } {
  const { workgroup } = variant;
  const grid = variant.threads(problem).map((count, i) => ceilDiv(count, workgroup[i] as number)) as [
    number,
    number,
    number,
  ];
  const [x, y, z] = grid;
  const rows = ceilDiv(x, limit);
  if (rows <= 1 || variant.fixedGrid || y > 1 || z > 1 || workgroup[1] !== 1)
    return { grid, fits: Math.max(...grid) <= limit };
  return { grid: [ceilDiv(x, rows), rows, 1], fits: rows <= limit };
}

/** Names of the variants this device can run for this problem, in declared order. */
export function usableVariants(kernel: Kernel, problem: AnyProblem, device: DeviceTraits): string[] {
  const most = device.limits.maxComputeWorkgroupsPerDimension ?? Infinity;
  return Object.entries(kernel.variants)
    .filter(
      ([, v]) =>
        offersVariant(v, device) &&
        !device.refused?.has(v) &&
        (v.when?.(problem, device) ?? true) &&
        foldedGrid(v, problem, most).fits,
    )
    .map(([name]) => name);
}

/**
 * The variant this device runs where none is named: the last preferred of those it can. A plan of precision f16 takes one that
 * stores f16 where the kernel has it, and a plan of f32 never does.
 */
export function defaultVariant(
  kernel: Kernel,
  problem: AnyProblem,
  device: DeviceTraits,
  precision: Precision = "f32",
): string | undefined {
  const usable = usableVariants(kernel, problem, device);
  const preferred = (stored: Precision): string | undefined =>
    usable.findLast((name) => {
      const variant = kernel.variants[name];
      return (variant?.precision ?? "f32") === stored && (variant?.prefer?.(problem, device) ?? true);
    });
  return (precision === "f16" ? preferred("f16") : undefined) ?? preferred("f32");
}

/** Values on the host in [N, C, H, W] (or a weight's own) order. */
export interface HostTensor {
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
}

/** The oracle of a kernel: plain loops in float64 over host values. */
export type Reference<A = Attrs> = (
  inputs: Readonly<Record<string, HostTensor>>,
  attrs: A,
) => Readonly<Record<string, HostTensor>>;

/** One problem for tests (edges) and benchmarks (`bench`: a real shape of the networks). */
export interface KernelCase {
  readonly name: string;
  readonly shapes: Readonly<Record<string, Shape>>;
  readonly attrs?: Attrs;
  /** How to fill an input; uniform in [-1, 1) when left out. `random` is seeded and uniform in [0, 1). */
  readonly fill?: Readonly<Record<string, (index: number, random: () => number) => number>>;
  readonly bench?: boolean;
  /** For benchmarks of GPUs alone: software adapters would take minutes. */
  readonly gpuOnly?: boolean;
  /** Where the reference would take minutes: inputs of a part of the problem, and where in the whole outputs its results lie, in their order. */
  readonly part?: (inputs: Readonly<Record<string, HostTensor>>) => {
    readonly inputs: Readonly<Record<string, HostTensor>>;
    readonly places: Readonly<Record<string, readonly number[]>>;
  };
}

/** A line of the registry: all that tests, benchmarks and docs need to know of a kernel. */
export interface RegistryEntry {
  readonly kernel: Kernel;
  readonly reference: Reference;
  readonly cases: readonly KernelCase[];
}

export function register<I, O, A>(
  kernel: KernelDef<I, O, A>,
  reference: Reference<A>,
  cases: readonly KernelCase[],
): RegistryEntry {
  return { kernel: erase(kernel), reference: reference as Reference, cases };
}
