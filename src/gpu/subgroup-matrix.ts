/**
 * Whether a device has tensor cores that the kernels can use: 16 x 16 x 16 matrices of f16 with f32 sums, over subgroups of 32.
 * The feature is experimental and its syntax has changed, so the device is asked which of the two it takes.
 * https://dawn.googlesource.com/dawn/+/refs/heads/main/docs/dawn/features/subgroup_matrix.md
 */
import type { MatrixSyntax } from "../kernel/variant.js";
import { withOlderMatrices } from "./wgsl-edit.js";

export const MATRIX_FEATURE = "chromium-experimental-subgroup-matrix";

export interface MatrixSupport {
  readonly syntax?: MatrixSyntax;
  /** One sentence: what there is, or why there is nothing. */
  readonly note: string;
}

/** What an adapter says of itself; @webgpu/types does not know the experimental part. */
export interface MatrixInfo {
  readonly subgroupMinSize?: number;
  readonly subgroupMaxSize?: number;
  readonly subgroupMatrixConfigs?: readonly MatrixConfig[];
}

interface MatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

const SIDE = 16;
const LANES = 32;

/** The smallest shader that loads, multiplies and stores. */
const SHADER = `
enable f16;
enable chromium_experimental_subgroup_matrix;
@group(0) @binding(0) var<storage, read> x: array<f16>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(${LANES})
fn main() {
  let left = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>, row_major>(&x, 0, 16);
  let right = subgroupMatrixLoad<subgroup_matrix_right<f16, 16, 16>, row_major>(&x, 0, 16);
  let sum = subgroupMatrixMultiplyAccumulate(left, right, subgroup_matrix_result<f32, 16, 16>());
  subgroupMatrixStore<row_major>(&y, 0, sum, 16);
}`;

const SHADERS: Readonly<Record<MatrixSyntax, string>> = { template: SHADER, bool: withOlderMatrices(SHADER) };

async function firstError(gpu: GPUDevice, code: string): Promise<string | undefined> {
  gpu.pushErrorScope("validation");
  const module = gpu.createShaderModule({ label: "subgroup matrix probe", code });
  const [invalid, { messages }] = await Promise.all([gpu.popErrorScope(), module.getCompilationInfo()]);
  return messages.find(({ type }) => type === "error")?.message ?? invalid?.message;
}

/** Never rejects for want of anything: whatever is missing is in the note. */
export async function probeSubgroupMatrix(gpu: GPUDevice, info: MatrixInfo): Promise<MatrixSupport> {
  for (const feature of [MATRIX_FEATURE, "shader-f16"]) {
    if (!(gpu.features as ReadonlySet<string>).has(feature))
      return { note: `not used: the adapter does not offer ${feature}` };
  }
  const configs = info.subgroupMatrixConfigs ?? [];
  if (
    !configs.some(
      (c) => c.componentType === "f16" && c.resultComponentType === "f32" && [c.M, c.N, c.K].every((d) => d === SIDE),
    )
  ) {
    const listed =
      configs.map((c) => `${c.componentType} to ${c.resultComponentType} at ${c.M}x${c.N}x${c.K}`).join(", ") ||
      "nothing";
    return { note: `not used: f16 to f32 at 16x16x16 is needed, the adapter offers ${listed}` };
  }
  const { subgroupMinSize = 0, subgroupMaxSize = 0 } = info;
  if (subgroupMinSize !== LANES || subgroupMaxSize !== LANES) {
    return {
      note: `not used: subgroups of ${LANES} lanes are needed, the adapter's have ${subgroupMinSize} to ${subgroupMaxSize}`,
    };
  }
  const refusals: string[] = [];
  for (const syntax of ["template", "bool"] as const) {
    const error = await firstError(gpu, SHADERS[syntax]);
    if (error === undefined) return { syntax, note: `f16 to f32 at 16x16x16, ${syntax} syntax` };
    refusals.push(error.trim().split("\n")[0] ?? "");
  }
  return { note: `not used: neither syntax of subgroup matrices compiles here (${refusals.join("; ")})` };
}
