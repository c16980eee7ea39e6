/**
 * The registry: one line a kernel. Tests, benchmarks, `doctor` and the documentation iterate over it.
 * @module fcn-webgpu/kernels
 */
import { register } from "../src/kernel/registry.js";
import type { RegistryEntry } from "../src/kernel/registry.js";
import { addCases } from "./add/cases.js";
import { add } from "./add/kernel.js";
import { addReference } from "./add/reference.js";
import { argmaxCases } from "./argmax/cases.js";
import { argmax } from "./argmax/kernel.js";
import { argmaxReference } from "./argmax/reference.js";
import { batchNormCases } from "./batch-norm/cases.js";
import { batchNorm } from "./batch-norm/kernel.js";
import { batchNormReference } from "./batch-norm/reference.js";
import { colorizeCases } from "./colorize/cases.js";
import { colorize } from "./colorize/kernel.js";
import { colorizeReference } from "./colorize/reference.js";
import { convTranspose2dCases } from "./conv-transpose2d/cases.js";
import { convTranspose2d } from "./conv-transpose2d/kernel.js";
import { convTranspose2dReference } from "./conv-transpose2d/reference.js";
import { conv2dCases } from "./conv2d/cases.js";
import { conv2d } from "./conv2d/kernel.js";
import { conv2dReference } from "./conv2d/reference.js";
import { convertCases } from "./convert/cases.js";
import { convert } from "./convert/kernel.js";
import { convertReference } from "./convert/reference.js";
import { maxPool2dCases } from "./max-pool2d/cases.js";
import { maxPool2d } from "./max-pool2d/kernel.js";
import { maxPool2dReference } from "./max-pool2d/reference.js";
import { maxUnpool2dCases } from "./max-unpool2d/cases.js";
import { maxUnpool2d } from "./max-unpool2d/kernel.js";
import { maxUnpool2dReference } from "./max-unpool2d/reference.js";
import { normalizeCases } from "./normalize/cases.js";
import { normalize } from "./normalize/kernel.js";
import { normalizeReference } from "./normalize/reference.js";
import { projectCases } from "./project/cases.js";
import { project } from "./project/kernel.js";
import { projectReference } from "./project/reference.js";
import { reluCases } from "./relu/cases.js";
import { relu } from "./relu/kernel.js";
import { reluReference } from "./relu/reference.js";
import { resizeArgmaxCases } from "./resize-argmax/cases.js";
import { resizeArgmax } from "./resize-argmax/kernel.js";
import { resizeArgmaxReference } from "./resize-argmax/reference.js";
import { resizeCases } from "./resize/cases.js";
import { resize } from "./resize/kernel.js";
import { resizeReference } from "./resize/reference.js";
import { softmaxCases } from "./softmax/cases.js";
import { softmax } from "./softmax/kernel.js";
import { softmaxReference } from "./softmax/reference.js";

// In a call marked pure, so that bundlers drop it, references and cases with it, where only kernels are imported.
export const registry: readonly RegistryEntry[] = /* @__PURE__ */ (() => [
  register(add, addReference, addCases),
  register(argmax, argmaxReference, argmaxCases),
  register(batchNorm, batchNormReference, batchNormCases),
  register(colorize, colorizeReference, colorizeCases),
  register(convTranspose2d, convTranspose2dReference, convTranspose2dCases),
  register(conv2d, conv2dReference, conv2dCases),
  register(convert, convertReference, convertCases),
  register(maxPool2d, maxPool2dReference, maxPool2dCases),
  register(maxUnpool2d, maxUnpool2dReference, maxUnpool2dCases),
  register(normalize, normalizeReference, normalizeCases),
  register(project, projectReference, projectCases),
  register(relu, reluReference, reluCases),
  register(resize, resizeReference, resizeCases),
  register(resizeArgmax, resizeArgmaxReference, resizeArgmaxCases),
  register(softmax, softmaxReference, softmaxCases),
])();

export { add } from "./add/kernel.js";
export { argmax } from "./argmax/kernel.js";
export { batchNorm } from "./batch-norm/kernel.js";
export { colorize } from "./colorize/kernel.js";
export { convTranspose2d } from "./conv-transpose2d/kernel.js";
export { conv2d } from "./conv2d/kernel.js";
export { convert } from "./convert/kernel.js";
export { maxPool2d } from "./max-pool2d/kernel.js";
export { maxUnpool2d } from "./max-unpool2d/kernel.js";
export { normalize } from "./normalize/kernel.js";
export { project } from "./project/kernel.js";
export { relu } from "./relu/kernel.js";
export { resize } from "./resize/kernel.js";
export { resizeArgmax } from "./resize-argmax/kernel.js";
export { softmax } from "./softmax/kernel.js";

// What a kernel of one's own is made with, wherever it is written.
export { badShape } from "../src/base/errors.js";
export { defineKernel } from "../src/kernel/kernel.js";
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
export type { Cost, Kernel, KernelDef } from "../src/kernel/kernel.js";
export type {
  DeviceTraits,
  Extent,
  Packing,
  Precision,
  KernelVariant,
  KernelVariant as Variant,
} from "../src/kernel/variant.js";
export type { HostTensor, KernelCase, Reference, RegistryEntry } from "../src/kernel/registry.js";
export { blocksOf } from "../src/kernel/shape.js";
export { layouts, sizeOf } from "../src/kernel/layout.js";
export type { DType, HostArray, Layout, LayoutName, Nchw } from "../src/kernel/layout.js";
export { convOutputSize, convTransposeOutputSize } from "../src/kernel/shape.js";
export type { Shape } from "../src/kernel/shape.js";
