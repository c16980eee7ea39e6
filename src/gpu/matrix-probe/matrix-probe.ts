/**
 * Detects tensor cores that the kernels can use: 16 x 16 x 16 matrices of f16 with f32 sums, over subgroups of 32
 * lanes. The feature is experimental and its syntax has changed, so a probe shader finds out which syntax this device
 * compiles. https://dawn.googlesource.com/dawn/+/refs/heads/main/docs/dawn/features/subgroup_matrix.md
 */
import { firstLineOf } from "../../base/errors.js";
import type { MatrixSyntax } from "../../kernel/variant.js";
import type { MatrixConfig, MatrixInfo, MatrixSupport } from "../subgroup-matrix.js";
import { withOlderMatrices } from "../wgsl-edit.js";

/** Rows and columns of a matrix. */
const SIDE = 16;
/** Lanes of a subgroup. */
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

/** Probes the device. A missing feature is not an error: the note says what is missing. */
export async function probeSubgroupMatrix(gpu: GPUDevice, info: MatrixInfo): Promise<MatrixSupport> {
  const missing = missingPart(gpu, info);
  if (missing !== undefined) return { note: `not used: ${missing}` };
  const refusals: string[] = [];
  for (const syntax of ["template", "bool"] as const) {
    const error = await firstError(gpu, SHADERS[syntax]);
    if (error === undefined) return { syntax, note: `f16 to f32 at 16x16x16, ${syntax} syntax` };
    refusals.push(firstLineOf(error));
  }
  return { note: `not used: neither syntax of subgroup matrices compiles here (${refusals.join("; ")})` };
}

/** Why the device cannot run the probe, in words; undefined when it can. */
function missingPart(gpu: GPUDevice, info: MatrixInfo): string | undefined {
  if (!gpu.features.has("shader-f16")) return "the adapter does not offer shader-f16";
  const { subgroupMinSize = 0, subgroupMaxSize = 0, subgroupMatrixConfigs = [] } = info;
  if (!subgroupMatrixConfigs.some(isWanted)) {
    const listed = subgroupMatrixConfigs.map(describe).join(", ") || "nothing";
    return `f16 to f32 at 16x16x16 is needed, the adapter offers ${listed}`;
  }
  if (subgroupMinSize !== LANES || subgroupMaxSize !== LANES) {
    return `subgroups of ${LANES} lanes are needed, the adapter's have ${subgroupMinSize} to ${subgroupMaxSize}`;
  }
  return undefined;
}

const isWanted = ({ componentType, resultComponentType, M, N, K }: MatrixConfig): boolean =>
  componentType === "f16" && resultComponentType === "f32" && M === SIDE && N === SIDE && K === SIDE;

const describe = ({ componentType, resultComponentType, M, N, K }: MatrixConfig): string =>
  `${componentType} to ${resultComponentType} at ${M}x${N}x${K}`;

async function firstError(gpu: GPUDevice, code: string): Promise<string | undefined> {
  gpu.pushErrorScope("validation");
  const module = gpu.createShaderModule({ label: "subgroup matrix probe", code });
  const [invalid, { messages }] = await Promise.all([gpu.popErrorScope(), module.getCompilationInfo()]);
  return messages.find(({ type }) => type === "error")?.message ?? invalid?.message;
}
