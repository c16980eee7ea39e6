/**
 * The tensor core variants: f16 in, f32 sums, in matrices of 16 x 16. `direct` loads pixels straight from memory, which only a
 * pointwise convolution allows; `window` gathers them first. Small feature maps split their sums among subgroups.
 */
import { blocksOf, ceilDiv } from "../../src/kernel/shape.js";
import type { DeviceTraits, Packing, KernelVariant } from "../../src/kernel/variant.js";
import { half } from "./packings.js";
import { isPointwise, matrixSizes, sizeParams } from "./problem.js";
import type { ConvProblem } from "./problem.js";

const SIDE = 16;
const SUBGROUP = 32;
/** To which inner dimensions are padded: the longest step. */
const INNER = 64;

/** [out][in][kh][kw] -> [out/16][kh * kw * in / 16] matrices of 16 inputs x 16 outputs, in halves; inputs counted by tap, padded to 4. */
const matrices: Packing<ConvProblem> = {
  name: "conv2d/matrices-16x16",
  precision: "f16",
  pack(data, shape) {
    const [outC, inC, kh, kw] = shape as [number, number, number, number];
    const inPitch = blocksOf(inC) * 4;
    const inner = ceilDiv(kh * kw * inPitch, INNER) * INNER;
    const packed = new Uint16Array(ceilDiv(outC, SIDE) * SIDE * inner);
    for (let o = 0, from = 0; o < outC; o++) {
      const column = Math.floor(o / SIDE) * SIDE * inner + (o % SIDE);
      for (let c = 0; c < inC; c++) {
        // A matrix is SIDE rows of SIDE, and the matrices of one column follow each other: row k of all lies at k * SIDE.
        for (let tap = 0; tap < kh * kw; tap++)
          packed[column + (tap * inPitch + c) * SIDE] = half(data[from++] as number);
      }
    }
    return new Uint32Array(packed.buffer);
  },
};

interface Config {
  readonly window: boolean;
  /** Matrices of a subgroup along pixels and output channels. */
  readonly sm: number;
  readonly sn: number;
  /** Subgroups of a workgroup along pixels and output channels, and how many share each sum. */
  readonly gm: number;
  readonly gn: number;
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

const tileOf = ({ sm, sn, gm, gn }: Config): readonly [number, number] => [gm * sm * SIDE, gn * sn * SIDE];
const threadsOf = ({ gm, gn, kg }: Config): number => gm * gn * kg * SUBGROUP;
export function workgroupBytes(config: Config): number {
  const { sn, gm, gn, kg, bk } = config;
  return gm * gn * kg * SIDE * sn * SIDE * 4 + (bk === undefined ? 0 : kg * tileOf(config)[0] * (bk + 8) * 2);
}
const workgroupsOf = (problem: ConvProblem, config: Config): number => {
  const { m, n } = matrixSizes(problem);
  const [bm, bn] = tileOf(config);
  return ceilDiv(m, bm) * ceilDiv(n, bn);
};

/** What `direct` cannot do, `window` can. */
const isDirect = (problem: ConvProblem): boolean =>
  isPointwise(problem) && blocksOf(problem.in.x[1]) % 4 === 0 && matrixSizes(problem).m >= SIDE;

const fits = (config: Config, { limits }: DeviceTraits): boolean =>
  (limits.maxComputeInvocationsPerWorkgroup ?? 0) >= threadsOf(config) &&
  (limits.maxComputeWorkgroupStorageSize ?? 0) >= workgroupBytes(config);

/** The largest tile that still gives a large GPU a workgroup for every core, and small tiles with shared sums below that. */
function likelyConfig(problem: ConvProblem, device: DeviceTraits): string {
  const direct = isDirect(problem);
  const kind = direct ? "subgroup-matrix" : "subgroup-matrix-window";
  const large = ["128x128", "64x64"]
    .map((tile) => `${kind}-${tile}`)
    .find((name) => {
      const config = MATRIX_CONFIGS[name] as Config;
      return (
        fits(config, device) && matrixSizes(problem).n >= tileOf(config)[1] && workgroupsOf(problem, config) >= 128
      );
    });
  if (large !== undefined) return large;
  if (!direct) return "subgroup-matrix-window-16x64-k4";
  return matrixSizes(problem).k >= 512 ? "subgroup-matrix-16x32-k4" : "subgroup-matrix-16x32";
}

const variantOf = (name: string, config: Config): KernelVariant<ConvProblem> => {
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
};

export const matrixVariants = Object.fromEntries(
  Object.entries(MATRIX_CONFIGS).map(([name, config]) => [name, variantOf(name, config)]),
);
