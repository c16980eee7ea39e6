/**
 * What one dispatch needs besides its tensors: the grid and the uniforms. Shared by plans, single kernel calls and tests.
 */
import { limitTooSmall } from "../base/errors.js";
import { foldedGrid } from "../kernel/choice.js";
import type { Kernel } from "../kernel/kernel.js";
import type { AnyProblem } from "../kernel/problem.js";
import type { Extent, AnyVariant } from "../kernel/variant.js";

/** Workgroups of a dispatch. @throws limit-too-small where they are too many and cannot be folded into rows */
export function gridOf(kernel: Kernel, variant: AnyVariant, problem: AnyProblem, limit: number): Extent {
  const { grid, fits } = foldedGrid(variant, problem, limit);
  if (!fits)
    throw limitTooSmall(
      `${kernel.name}: a grid of ${grid.join(" x ")} workgroups`,
      "maxComputeWorkgroupsPerDimension",
      Math.max(...grid),
      limit,
    );
  return grid;
}

/** The uniforms as the shader's `struct Params` lays them out: consecutive 4-byte scalars, padded to 16 bytes. */
export function packParams(kernel: Kernel, variant: AnyVariant, problem: AnyProblem): ArrayBuffer {
  const fields = Object.values((variant.params ?? kernel.params)(problem));
  const buffer = new ArrayBuffer(Math.max(16, Math.ceil(fields.length / 4) * 16));
  const view = new DataView(buffer);
  fields.forEach(({ type, value }, i) => {
    if (type === "f32") view.setFloat32(i * 4, value, true);
    else if (type === "i32") view.setInt32(i * 4, value, true);
    else view.setUint32(i * 4, value, true);
  });
  return buffer;
}
