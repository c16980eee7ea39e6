/** Whether a device has tensor cores that the kernels can use. */
import type { MatrixSyntax } from "../kernel/variant.js";
import { importMatrixProbe } from "./matrix-probe/import-matrix-probe.js";

export const MATRIX_FEATURE = "chromium-experimental-subgroup-matrix";

export interface MatrixSupport {
  readonly syntax?: MatrixSyntax;
  /** One sentence: what the device supports, or why nothing is used. */
  readonly note: string;
}

/** What an adapter reports about subgroups. @webgpu/types does not have the experimental part. */
export interface MatrixInfo {
  readonly subgroupMinSize?: number;
  readonly subgroupMaxSize?: number;
  readonly subgroupMatrixConfigs?: readonly MatrixConfig[];
}

export interface MatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** Where the adapter offers them, a probe finds out how they are used. */
export async function matrixSupportOf(gpu: GPUDevice, info: MatrixInfo): Promise<MatrixSupport> {
  if (!(gpu.features as ReadonlySet<string>).has(MATRIX_FEATURE))
    return { note: `not used: the adapter does not offer ${MATRIX_FEATURE}` };
  const { probeSubgroupMatrix } = await importMatrixProbe();
  return probeSubgroupMatrix(gpu, info);
}
