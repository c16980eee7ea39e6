/**
 * The tensor core variants: f16 operands, f32 sums, in matrices of 16 x 16. `direct` loads pixels straight from
 * storage, which only a pointwise convolution allows. `window` gathers them first. Small feature maps split their sums
 * among subgroups.
 */
import { alignUp, blocksOf, ceilDiv } from "../../src/kernel/shape.js";
import type { DeviceTraits, KernelVariant, Packing } from "../../src/kernel/variant.js";
import { LARGE_GPU_CORES, LONG_SUM } from "./gpu-defaults.js";
import { weightToHalf } from "./packings.js";
import { isPointwise, matrixSizes, sizeParams } from "./problem.js";
import type { ConvProblem } from "./problem.js";

/** Rows and columns of a matrix. */
const SIDE = 16;
/** Lanes of a subgroup. */
const SUBGROUP = 32;
/** The inner dimension is padded to the longest step of any variant, so that all share one packing. */
const INNER = 64;

/**
 * Packs [out][in][kh][kw] to [out/16][kh * kw * in / 16] matrices of 16 inputs x 16 outputs, in f16. The inner
 * dimension counts tap by tap; input channels are padded to 4.
 */
const matrices: Packing<ConvProblem> = {
  name: "conv2d/matrices-16x16",
  precision: "f16",
  pack(data, shape) {
    const [outC, inC, kh, kw] = shape as [number, number, number, number];
    const inPitch = blocksOf(inC) * 4;
    const inner = alignUp(kh * kw * inPitch, INNER);
    const packed = new Uint16Array(alignUp(outC, SIDE) * inner);
    let from = 0;
    for (let out = 0; out < outC; out++) {
      const column = Math.floor(out / SIDE) * SIDE * inner + (out % SIDE);
      for (let c = 0; c < inC; c++) {
        for (let tap = 0; tap < kh * kw; tap++) {
          // The matrices of a column follow each other, so inner row k of them all begins at k * SIDE.
          packed[column + (tap * inPitch + c) * SIDE] = weightToHalf(data[from++] as number);
        }
      }
    }
    return new Uint32Array(packed.buffer);
  },
};

/** Named for the consts of subgroup-matrix.wgsl and subgroup-matrix-window.wgsl that they set. */
interface Config {
  readonly window: boolean;
  /** Matrices of a subgroup along pixels and output channels. */
  readonly sm: number;
  readonly sn: number;
  /** Subgroups of a workgroup along pixels and output channels. */
  readonly gm: number;
  readonly gn: number;
  /** Subgroups that share each sum. */
  readonly kg: number;
  /** Input channels of a step, where windows are gathered. */
  readonly bk?: number;
}

export const MATRIX_CONFIGS: Readonly<Record<string, Config>> = {
  "subgroup-matrix-16x32": { window: false, sm: 1, sn: 2, gm: 1, gn: 1, kg: 1 },
  "subgroup-matrix-16x32-k4": { window: false, sm: 1, sn: 2, gm: 1, gn: 1, kg: 4 },
  "subgroup-matrix-64x64": { window: false, sm: 2, sn: 2, gm: 2, gn: 2, kg: 1 },
  "subgroup-matrix-128x128": { window: false, sm: 4, sn: 4, gm: 2, gn: 2, kg: 1 },
  "subgroup-matrix-window-16x64-k4": { window: true, sm: 1, sn: 2, gm: 1, gn: 2, kg: 4, bk: 64 },
  "subgroup-matrix-window-64x64": { window: true, sm: 2, sn: 2, gm: 2, gn: 2, kg: 1, bk: 32 },
  "subgroup-matrix-window-128x128": { window: true, sm: 4, sn: 4, gm: 2, gn: 2, kg: 1, bk: 32 },
};

/** Pixels and output channels of a workgroup. */
const tileOf = ({ sm, sn, gm, gn }: Config) => ({ pixels: gm * sm * SIDE, channels: gn * sn * SIDE });

const threadsOf = ({ gm, gn, kg }: Config): number => gm * gn * kg * SUBGROUP;

const BYTES_F32 = 4;
const BYTES_F16 = 2;
/** A_PITCH of subgroup-matrix-window.wgsl is this much longer than a step, against bank conflicts. */
const PITCH_PADDING = 8;

/** Workgroup memory: a row of result matrices per subgroup, and the gathered windows of each group that shares sums. */
export function workgroupBytes(config: Config): number {
  const { sn, gm, gn, kg, bk } = config;
  const results = gm * gn * kg * SIDE * (sn * SIDE) * BYTES_F32;
  if (bk === undefined) return results;
  const windows = kg * tileOf(config).pixels * (bk + PITCH_PADDING) * BYTES_F16;
  return results + windows;
}

function workgroupsOf(problem: ConvProblem, config: Config): number {
  const { m, n } = matrixSizes(problem);
  const { pixels, channels } = tileOf(config);
  return ceilDiv(m, pixels) * ceilDiv(n, channels);
}

/** Whether `direct` can run: whole matrices of input channels, and pixels for at least one matrix. */
function isDirect(problem: ConvProblem): boolean {
  const hasWholeMatrices = (blocksOf(problem.in.x[1]) * 4) % SIDE === 0;
  return isPointwise(problem) && hasWholeMatrices && matrixSizes(problem).m >= SIDE;
}

const fits = (config: Config, { limits }: DeviceTraits): boolean =>
  (limits.maxComputeInvocationsPerWorkgroup ?? 0) >= threadsOf(config) &&
  (limits.maxComputeWorkgroupStorageSize ?? 0) >= workgroupBytes(config);

/**
 * The default: the largest tile that still gives every core of a large GPU a workgroup. Below that, small tiles with
 * shared sums.
 */
function likelyConfig(problem: ConvProblem, device: DeviceTraits): string {
  const isLargeEnough = (name: string): boolean => {
    const config = MATRIX_CONFIGS[name] as Config;
    const fillsTile = matrixSizes(problem).n >= tileOf(config).channels;
    return fits(config, device) && fillsTile && workgroupsOf(problem, config) >= LARGE_GPU_CORES;
  };
  const kind = isDirect(problem) ? "subgroup-matrix" : "subgroup-matrix-window";
  const large = [`${kind}-128x128`, `${kind}-64x64`].find(isLargeEnough);
  if (large !== undefined) return large;
  if (!isDirect(problem)) return "subgroup-matrix-window-16x64-k4";
  return matrixSizes(problem).k >= LONG_SUM ? "subgroup-matrix-16x32-k4" : "subgroup-matrix-16x32";
}

function variantOf(name: string, config: Config): KernelVariant<ConvProblem> {
  const { window, sm, sn, gm, gn, kg, bk } = config;
  const threads = threadsOf(config);
  return {
    wgsl: window ? "subgroup-matrix-window" : "subgroup-matrix",
    workgroup: [threads, 1, 1],
    features: ["shader-f16", "chromium-experimental-subgroup-matrix"],
    precision: "f16",
    consts: { SM: sm, SN: sn, GM: gm, GN: gn, KG: kg, THREADS: threads, ...(bk !== undefined && { BK: bk }) },
    layouts: { x: "nhwc4-f16", residual: "nhwc4-f16", y: "nhwc4-f16" },
    packing: { weight: matrices },
    when: (problem, device) =>
      device.subgroupMatrix !== undefined &&
      problem.attrs.groups === 1 &&
      (window || isDirect(problem)) &&
      fits(config, device),
    prefer: (problem, device) => likelyConfig(problem, device) === name,
    overrides: () => ({}),
    params: sizeParams,
    threads: (problem) => [workgroupsOf(problem, config) * threads, 1, 1],
  };
}

export const matrixVariants = Object.fromEntries(
  Object.entries(MATRIX_CONFIGS).map(([name, config]) => [name, variantOf(name, config)]),
);
