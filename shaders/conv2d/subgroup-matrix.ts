/**
 * The tensor core variants: f16 operands, f32 sums, in matrices of 16 x 16. The direct ones load x from storage, with a
 * border of zeros where windows reach beyond the map. The `window` ones gather x first: they take what is left, such as
 * the first layer with its three channels. matrix-cost.ts chooses.
 */
import { pair } from "../../src/kernel/problem.js";
import { alignUp, blocksOf, ceilDiv } from "../../src/kernel/shape.js";
import type { Shape } from "../../src/kernel/shape.js";
import type { DeviceTraits, KernelVariant, Packing } from "../../src/kernel/variant.js";
import { matrixEstimate, padOf, resultBytes, workgroupsOf } from "./matrix-cost.js";
import type { MatrixCounts, MatrixTile } from "./matrix-cost.js";
import { SIDE, hasRuns, pixelMatrices, runParams } from "./matrix-runs.js";
import { weightToHalf } from "./packings.js";
import { borderedSizeParams, matrixSizes } from "./problem.js";
import type { ConvProblem } from "./problem.js";

/** Lanes of a subgroup. */
const SUBGROUP = 32;
/** The inner dimension is padded to the longest step of any variant, so that all share one packing. */
const INNER = 64;

/** Taps times input channels, padded. */
const innerOf = ([, inC = 1, kh = 1, kw = 1]: Shape): number => alignUp(kh * kw * blocksOf(inC) * 4, INNER);

/**
 * Packs [out][in][kh][kw] to [out/16][kh * kw * in / 16] matrices of 16 inputs x 16 outputs, in f16. The inner
 * dimension counts tap by tap; input channels are padded to 4.
 */
const matrices: Packing<ConvProblem> = {
  name: "conv2d/matrices-16x16",
  precision: "f16",
  bytes: (shape) => alignUp(shape[0] as number, SIDE) * innerOf(shape) * 2,
  pack(data, shape) {
    const [outC, inC, kh, kw] = shape as [number, number, number, number];
    const taps = kh * kw;
    const inPitch = blocksOf(inC) * 4;
    const inner = innerOf(shape);
    const packed = new Uint16Array(alignUp(outC, SIDE) * inner);
    for (let first = 0; first < outC; first += SIDE) {
      const last = Math.min(first + SIDE, outC) - 1;
      for (let c = 0; c < inC; c++) {
        for (let tap = 0; tap < taps; tap++) {
          // The matrices of a column follow each other, so inner row k of them all begins at k * SIDE.
          let to = first * inner + (tap * inPitch + c) * SIDE;
          let from = (first * inC + c) * taps + tap;
          for (let out = first; out <= last; out++) {
            packed[to++] = weightToHalf(data[from] as number);
            from += inC * taps;
          }
        }
      }
    }
    return new Uint32Array(packed.buffer);
  },
};

/** The fastest of a sweep on an NVIDIA H200. */
export const DIRECT_TILES = {
  "16x32": { sm: 1, sn: 2, gm: 1, gn: 1, kg: 1 },
  "16x32-k8": { sm: 1, sn: 2, gm: 1, gn: 1, kg: 8 },
  "32x64": { sm: 2, sn: 4, gm: 1, gn: 1, kg: 1 },
  "32x64-k2": { sm: 2, sn: 4, gm: 1, gn: 1, kg: 2 },
  "32x64-k4": { sm: 2, sn: 4, gm: 1, gn: 1, kg: 4 },
  "64x64": { sm: 4, sn: 4, gm: 1, gn: 1, kg: 1 },
  "64x64-k4": { sm: 4, sn: 4, gm: 1, gn: 1, kg: 4 },
  "64x64-k8": { sm: 4, sn: 4, gm: 1, gn: 1, kg: 8 },
  "2x32x64-k2": { sm: 2, sn: 4, gm: 2, gn: 1, kg: 2 },
  "2x64x64": { sm: 4, sn: 4, gm: 2, gn: 1, kg: 1 },
  "2x64x64-k4": { sm: 4, sn: 4, gm: 2, gn: 1, kg: 4 },
} as const satisfies Readonly<Record<string, MatrixTile>>;

/** A tile whose windows are gathered. */
interface WindowTile extends MatrixTile {
  /** Input channels of a step. */
  readonly bk: number;
}

export const WINDOW_TILES: Readonly<Record<string, WindowTile>> = {
  "16x64-k4": { sm: 1, sn: 2, gm: 1, gn: 2, kg: 4, bk: 64 },
  "64x64": { sm: 2, sn: 2, gm: 2, gn: 2, kg: 1, bk: 32 },
};

const threadsOf = ({ gm, gn, kg }: MatrixTile): number => gm * gn * kg * SUBGROUP;

const BYTES_F16 = 2;
/** A_PITCH of subgroup-matrix-window.wgsl is this much longer than a step, against bank conflicts. */
const STEP_PADDING = 8;

/** Workgroup memory: results, and the gathered windows of each group that shares sums. */
export const windowBytes = (tile: WindowTile): number =>
  resultBytes(tile) + tile.kg * tile.gm * tile.sm * SIDE * (tile.bk + STEP_PADDING) * BYTES_F16;

const countsOf = (problem: ConvProblem, m: number): MatrixCounts => {
  const { n, k } = matrixSizes(problem);
  return { m, n: ceilDiv(n, SIDE), k: ceilDiv(k, SIDE) };
};
const directCounts = (problem: ConvProblem): MatrixCounts => countsOf(problem, pixelMatrices(problem));
const windowCounts = (problem: ConvProblem): MatrixCounts => countsOf(problem, ceilDiv(matrixSizes(problem).m, SIDE));

/** What all variants share. */
function common(tile: MatrixTile): Pick<KernelVariant<ConvProblem>, "workgroup" | "features" | "layouts" | "packing"> {
  return {
    workgroup: [threadsOf(tile), 1, 1],
    features: ["shader-f16", "chromium-experimental-subgroup-matrix"],
    layouts: { x: "nhwc4-f16", residual: "nhwc4-f16", y: "nhwc4-f16" },
    packing: { weight: matrices },
  };
}

const constsOf = (tile: MatrixTile) => {
  const { sm, sn, gm, gn, kg } = tile;
  return { SM: sm, SN: sn, GM: gm, GN: gn, KG: kg, PAD: padOf(tile), THREADS: threadsOf(tile) };
};

const isOffered = ({ attrs }: ConvProblem, device: DeviceTraits): boolean =>
  device.subgroupMatrix !== undefined && attrs.groups === 1;

const TENSORS: readonly string[] = ["x", "residual", "y"];

function directVariant(tile: MatrixTile): KernelVariant<ConvProblem> {
  return {
    ...common(tile),
    wgsl: "subgroup-matrix",
    workgroupBytes: resultBytes(tile),
    precision: "f16",
    consts: constsOf(tile),
    borders: { tensors: TENSORS, needs: ({ attrs }) => ({ x: Math.max(...pair(attrs.padding)) }) },
    when: (problem, device) => isOffered(problem, device) && hasRuns(problem),
    estimate: (problem, { cores }) => matrixEstimate(tile, directCounts(problem), cores),
    overrides: () => ({}),
    params: runParams,
    threads: (problem) => [workgroupsOf(directCounts(problem), tile) * threadsOf(tile), 1, 1],
  };
}

/** Gathering was measured to cost this many times more. */
const GATHERING = 2.2;

function windowVariant(tile: WindowTile): KernelVariant<ConvProblem> {
  return {
    ...common(tile),
    wgsl: "subgroup-matrix-window",
    workgroupBytes: windowBytes(tile),
    precision: "f16",
    consts: { ...constsOf(tile), BK: tile.bk },
    borders: { tensors: TENSORS },
    when: isOffered,
    estimate: (problem, { cores }) => GATHERING * matrixEstimate(tile, windowCounts(problem), cores),
    overrides: () => ({}),
    params: borderedSizeParams,
    threads: (problem) => [workgroupsOf(windowCounts(problem), tile) * threadsOf(tile), 1, 1],
  };
}

const named = <T>(prefix: string, tiles: Readonly<Record<string, T>>, variantOf: (tile: T) => object) =>
  Object.entries(tiles).map(([name, tile]) => [`${prefix}-${name}`, variantOf(tile)] as const);

export const matrixVariants = Object.fromEntries([
  ...named("subgroup-matrix-window", WINDOW_TILES, windowVariant),
  ...named("subgroup-matrix", DIRECT_TILES, directVariant),
]) as Readonly<Record<string, KernelVariant<ConvProblem>>>;
