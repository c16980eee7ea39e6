/**
 * What tests, benchmarks and `doctor` know about a kernel besides its declaration: a reference and cases.
 */
import { erase } from "./kernel.js";
import type { Kernel, KernelDef } from "./kernel.js";
import type { Attrs } from "./problem.js";
import type { Shape } from "./shape.js";

/** Values on the host in [N, C, H, W] order, or in a weight's own order. */
export interface HostTensor {
  /** [N, C, H, W] of tensors, any of weights. */
  readonly shape: Shape;
  /** The values in that order. */
  readonly data: ArrayLike<number>;
}

/** The oracle of a kernel: plain loops in float64 over host values. */
export type Reference<A = Attrs> = (
  inputs: Readonly<Record<string, HostTensor>>,
  attrs: A,
) => Readonly<Record<string, HostTensor>>;

/** A sub-problem for a slow reference: its inputs, and where its results belong in the full outputs. */
export interface PartialProblem {
  readonly inputs: Readonly<Record<string, HostTensor>>;
  /** For each output, the index in the full output of every value of the sub-problem's output, in order. */
  readonly places: Readonly<Record<string, readonly number[]>>;
}

/** One problem for tests (edge cases) and benchmarks (`bench`: a real shape of the networks). */
export interface KernelCase {
  /** What is special about it, for the report. */
  readonly name: string;
  /** Shapes of the inputs by name. */
  readonly shapes: Readonly<Record<string, Shape>>;
  /** Attributes that differ from their defaults. */
  readonly attrs?: Attrs;
  /** How to fill an input. Default: uniform in [-1, 1). `random` is seeded and uniform in [0, 1). */
  readonly fill?: Readonly<Record<string, (index: number, random: () => number) => number>>;
  /** Whether `fcn bench` measures it. Default false. */
  readonly bench?: boolean;
  /** Only for benchmarks on GPUs: software adapters would take minutes. */
  readonly gpuOnly?: boolean;
  /** Cuts a sub-problem out of the inputs, where the reference would take minutes for all of it. */
  readonly part?: (inputs: Readonly<Record<string, HostTensor>>) => PartialProblem;
}

/** A kernel in the registry. */
export interface RegistryEntry {
  /** Its declaration, with variants and shaders. */
  readonly kernel: Kernel;
  /** The float64 oracle. */
  readonly reference: Reference;
  /** The problems that its variants are held to, and measured with. */
  readonly cases: readonly KernelCase[];
}

export function register<I, O, A>(
  kernel: KernelDef<I, O, A>,
  reference: Reference<A>,
  cases: readonly KernelCase[],
): RegistryEntry {
  return { kernel: erase(kernel), reference: reference as Reference, cases };
}
