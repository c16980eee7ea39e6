/**
 * A variant is one way to run a kernel: a shader, its workgroup, the layouts it reads and writes, and the devices and
 * problems it applies to.
 */
import type { Borders } from "./border.js";
import type { LayoutName } from "./layout.js";
import type { AnyProblem, Scalar } from "./problem.js";
import type { Shape } from "./shape.js";

/** How activations and weights are stored between kernels. Sums, biases and logits are f32 in both cases. */
export type Precision = "f32" | "f16";

/** Dawn's syntax for the order of a matrix in memory. Older versions of Dawn take a bool argument instead. */
export type MatrixSyntax = "template" | "bool";

/** What a variant may ask about the device. */
export interface DeviceTraits {
  /** Names of WebGPU's optional features that it has. */
  readonly features: ReadonlySet<string>;
  /** WebGPU's limits, by their names there. */
  readonly limits: Readonly<Record<string, number>>;
  /** As the adapter says it; empty where it is hidden. */
  readonly vendor: string;
  /** As the adapter says it; empty where it is hidden. */
  readonly architecture: string;
  /** Lanes of a subgroup; 0 when the adapter does not say. */
  readonly subgroupSize: number;
  /** Whether the adapter runs on the CPU. */
  readonly software: boolean;
  /** Cores of the GPU (NVIDIA: multiprocessors; AMD: pairs of compute units). An estimate where the name is unknown. */
  readonly cores: number;
  /** The syntax that compiles here for 16x16x16 subgroup matrices of f16 with f32 sums. Undefined where none does. */
  readonly subgroupMatrix?: MatrixSyntax | undefined;
  /**
   * Variants that failed to compile on this device, with the reason. Keyed by object: kernel names need not be unique.
   */
  readonly refused?: ReadonlyMap<object, string>;
}

/** An order of a weight's values that the kernel pack-weight makes. */
export interface PackedOrder {
  /** Tiles of output channels from [out, in, kh, kw] or [in, out, kh, kw], blocks of channels, or rows of a matrix. */
  readonly order: "out-in" | "in-out" | "channels" | "rows";
  readonly tile: number;
}

/** How a weight is laid out for one variant. `name` is part of the key under which the GPU copy is shared. */
export interface Packing<P = AnyProblem> {
  /** Names the order of values: packings of one name give the same values in the same order. */
  readonly name: string;
  /**
   * "texture": texels of four f32 in rows of WEIGHT_TEXTURE_WIDTH, bound as a read-only rgba32float storage texture.
   */
  readonly storage?: "buffer" | "texture";
  /** Set where the values are rounded to f16. */
  readonly precision?: "f16";
  /** Set where the kernel pack-weight can pack on the GPU. */
  readonly packedOrder?: PackedOrder;
  /** The values as the GPU gets them, from those in PyTorch's order. */
  pack(data: Float32Array, shape: Shape, problem: P): Float32Array | Uint32Array;
  /**
   * Slices of the weight's first axis that are packed together. Set where slices pack in order, so that a range of
   * whole groups packs to a range of the result: large weights are then packed and uploaded piece by piece.
   */
  readonly group?: number;
  /**
   * Packs slices from `first` on into the packed whole. Set where a slice packs to many places: large weights are then
   * read piece by piece. `shape` is the whole weight's.
   */
  packInto?(packed: Float32Array | Uint32Array, data: Float32Array, shape: Shape, first: number): void;
  /** Bytes that pack() gives, for whoever needs only memory of that size. Needed with `group` and `packInto`. */
  bytes?(shape: Shape, problem: P): number;
}

/** Which tensors of a variant may have a border, and what it does for the variant. */
export interface BorderRules<P> {
  /** Tensors whose border may be of any width. */
  readonly tensors: readonly string[];
  /** The least borders without which the variant cannot run. A tensor with less is copied. */
  needs?(problem: P): Borders;
  /** The least borders with which it runs faster. It gets them where the producer can write them. */
  gains?(problem: P): Borders;
}

/** A shader that several kernels may run. Those that run it with the same constants share a pipeline. */
export interface SharedShader {
  /** The kernel whose folder has the shader. */
  readonly kernel: string;
  /**
   * The shader's operands in the order of their bindings, each with the name of this kernel's operand. One that the
   * kernel does not have is absent from every call, and its layout stands in the variant's `layouts`.
   */
  readonly operands: Readonly<Record<string, string>>;
}

/** Sizes along x, y and z. */
export type Extent = readonly [number, number, number];

/** One way to run a kernel: a shader, and where it may and should run. P is the kernel's Problem. */
export interface KernelVariant<P> {
  /** File in the kernel's folder, or in that of `shared`, without the extension. */
  readonly wgsl: string;
  /** Set where several kernels may run the shader. */
  readonly shared?: SharedShader;
  /** Threads of a workgroup along x, y and z, as the shader declares them. */
  readonly workgroup: Extent;
  /** Bytes of workgroup memory that the shader declares, where they may exceed the 16 KiB that every device has. */
  readonly workgroupBytes?: number;
  /** Set where activations are stored as f16. By default only f16 plans choose such a variant. */
  readonly precision?: "f16";
  /** Layouts that differ from the kernel's default, by tensor. */
  readonly layouts?: Readonly<Record<string, LayoutName>>;
  /** How weights lie in memory, by input. Default: float32 values in PyTorch's order. */
  readonly packing?: Readonly<Record<string, Packing<P>>>;
  /** Set where tensors may have borders of zeros. */
  readonly borders?: BorderRules<P>;
  /** Device features the pipeline needs. Without them the variant is not offered. */
  readonly features?: readonly string[];
  /** Subgroup size the shader assumes. */
  readonly subgroupSize?: number;
  /** Values for top-level `const NAME: T = value;` declarations in the WGSL, such as register tile sizes. */
  readonly consts?: Readonly<Record<string, number>>;
  /** Whether the variant can run this problem on this device. Default: yes. */
  when?(problem: P, device: DeviceTraits): boolean;
  /** Whether the variant should be the default where it can run. Default: yes. */
  prefer?(problem: P, device: DeviceTraits): boolean;
  /** Estimated microseconds. Of several variants that have one and are preferred, the fastest is the default. */
  estimate?(problem: P, device: DeviceTraits): number;
  /** Replaces the kernel's `params`. */
  params?(problem: P): Readonly<Record<string, Scalar>>;
  /** Replaces the kernel's `overrides`. */
  overrides?(problem: P): Readonly<Record<string, number>>;
  /** Threads needed along x, y, z. The plan divides by the workgroup size and folds a long line into rows. */
  threads(problem: P): Extent;
  /**
   * Whether a plan may run one workgroup before the first run, with absent weights, over tensors of zeros: it writes
   * nothing but its outputs, and it ends. Software adapters compile it then (src/plan/ahead.ts). Default: no.
   */
  readonly ahead?: boolean;
  /** Set where the shader uses workgroup_id as a position, so its grid cannot be folded. */
  readonly fixedGrid?: true;
}

/** A variant of any kernel, with its key types erased. */
export type AnyVariant = KernelVariant<AnyProblem>;
