/**
 * One dispatch: its grid, its uniforms and its commands. Plans, single kernel calls and tests share these.
 */
import { badShape, limitTooSmall } from "../base/errors.js";
import { foldedGrid } from "../kernel/choice.js";
import type { Kernel } from "../kernel/kernel.js";
import type { AnyProblem } from "../kernel/problem.js";
import { alignUp } from "../kernel/shape.js";
import type { AnyVariant, Extent } from "../kernel/variant.js";

export interface Dispatch {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  /** Workgroups along x, y and z. */
  readonly grid: Extent;
}

/** Workgroups of a dispatch. @throws limit-too-small when there are too many and they cannot be folded into rows */
export function gridOf(kernel: Kernel, variant: AnyVariant, problem: AnyProblem, limit: number): Extent {
  const { grid, fits } = foldedGrid(variant, problem, limit);
  if (fits) return grid;
  const what = `${kernel.name}: a grid of ${grid.join(" x ")} workgroups`;
  throw limitTooSmall(what, "maxComputeWorkgroupsPerDimension", Math.max(...grid), limit);
}

/** Uniform bindings are padded to 16 bytes, the alignment of a WGSL struct in the uniform address space. */
const PARAMS_ALIGNMENT = 16;
const SCALAR_BYTES = 4;

/**
 * The uniforms as the shader's `struct Params` lays them out: consecutive 4-byte scalars.
 * @throws bad-shape for a pair in the place of a number: the types of attributes tell them apart, their values do not
 */
export function packParams(kernel: Kernel, variant: AnyVariant, problem: AnyProblem): ArrayBuffer {
  const fields = Object.entries((variant.params ?? kernel.params)(problem));
  const bytes = alignUp(fields.length * SCALAR_BYTES, PARAMS_ALIGNMENT);
  const buffer = new ArrayBuffer(Math.max(PARAMS_ALIGNMENT, bytes));
  const view = new DataView(buffer);
  fields.forEach(([name, { type, value }], i) => {
    if (typeof value !== "number") throw badShape(`${kernel.name}: ${name} needs one number, got ${String(value)}`);
    const offset = i * SCALAR_BYTES;
    if (type === "f32") view.setFloat32(offset, value, true);
    else if (type === "i32") view.setInt32(offset, value, true);
    else view.setUint32(offset, value, true);
  });
  return buffer;
}

export function encodeDispatch(pass: GPUComputePassEncoder, { pipeline, bindGroup, grid }: Dispatch): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(...grid);
}
