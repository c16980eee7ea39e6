/**
 * All kernels, their registry, and what a kernel of your own is made with. The folders beside this file are the
 * kernels; kernels.generated.ts lists them.
 * @module fcn-webgpu/kernels
 */
export * from "./kernels.generated.js";

export { badShape } from "../src/base/errors.js";
export { givenKernel as defineKernel } from "../src/kernel/given-kernel.js";
export type { Cost, Kernel, KernelDef } from "../src/kernel/kernel.js";
export { givenLayoutNamed as layoutNamed, givenSizeOf as sizeOf } from "../src/kernel/given-layout.js";
export {
  givenConvOutputSize as convOutputSize,
  givenConvTransposeOutputSize as convTransposeOutputSize,
} from "../src/kernel/given-sizes.js";
export { layouts } from "../src/kernel/layout.js";
export type { BaseLayoutName, DType, HostArray, Layout, LayoutName } from "../src/kernel/layout.js";
export type { BorderableName, Borders } from "../src/kernel/border.js";
export { f32, i32, pair, u32 } from "../src/kernel/problem.js";
export type {
  AnyProblem,
  Attrs,
  AttrValue,
  InputShapes,
  InputSpecs,
  OutputShapes,
  OutputSpecs,
  Pair,
  Problem,
  Scalar,
  TensorSpec,
  WeightSpec,
} from "../src/kernel/problem.js";
export type { HostTensor, KernelCase, Reference, RegistryEntry } from "../src/kernel/registry.js";
export { blocksOf } from "../src/kernel/shape.js";
export type { Nchw, Shape } from "../src/kernel/shape.js";
export type {
  DeviceTraits,
  Extent,
  BorderRules,
  KernelVariant,
  KernelVariant as Variant,
  Packing,
  Precision,
  SharedShader,
} from "../src/kernel/variant.js";
