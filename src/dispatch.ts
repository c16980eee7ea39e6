/**
 * What one dispatch needs besides its tensors: the grid and the uniforms. Shared by plans, single kernel calls and tests.
 */
import { limitTooSmall } from "./errors.js";
import type { AnyProblem, Extent, Kernel, Variant } from "./kernel.js";
import { ceilDiv } from "./shape.js";

/**
 * Workgroups for the threads a variant asks for. A linear grid longer than the limit (65,535 workgroups on every adapter seen)
 * is folded into rows: kernels find their index as `id.y * num_workgroups.x * WORKGROUP + id.x`.
 */
export function gridOf(kernel: Kernel, variant: Variant<AnyProblem>, problem: AnyProblem, limit: number): Extent {
  const threads = variant.threads(problem);
  const [x, y, z] = threads.map((count, i) => ceilDiv(count, variant.workgroup[i] as number)) as [number, number, number];
  if (x <= limit && y <= limit && z <= limit) return [x, y, z];
  const rows = ceilDiv(x, limit);
  if (y > 1 || z > 1 || variant.workgroup[1] !== 1 || rows > limit) {
    throw limitTooSmall(`${kernel.name}: a grid of ${x} x ${y} x ${z} workgroups`, "maxComputeWorkgroupsPerDimension", Math.max(x, y, z), limit);
  }
  return [ceilDiv(x, rows), rows, 1];
}

/** The uniforms as the shader's `struct Params` lays them out: consecutive 4-byte scalars, padded to 16 bytes. */
export function packParams(kernel: Kernel, variant: Variant<AnyProblem>, problem: AnyProblem): ArrayBuffer {
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
