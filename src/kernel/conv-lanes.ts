/**
 * The shader conv2d/lanes.wgsl for the kernels that run it: convolutions, class projections (1x1), and transposed
 * convolutions. A transposed convolution of stride s is s x s small convolutions, one for each position of an output
 * pixel within the stride: the phases. With one shader they share one pipeline, and compiling is what a software
 * adapter takes longest for.
 */
import { lanesFor, lanesVariant, runsLanes } from "./lanes.js";
import type { LanesTile } from "./lanes.js";
import { outputTiles, tileTexels } from "./packings.js";
import type { WeightOrder } from "./packings.js";
import { pair, u32 } from "./problem.js";
import type { Pair } from "./problem.js";
import { blocksOf, ceilDiv } from "./shape.js";
import type { Nchw, Shape } from "./shape.js";
import { textureColumns } from "./texture.js";
import type { DeviceTraits } from "./variant.js";

/** A tile, and the lanes of the subgroup that it is for. */
export interface SubgroupTile extends LanesTile {
  readonly subgroup: 4 | 8;
}

/** SwiftShader's subgroups. */
export const FOUR_LANES: SubgroupTile = { pixels: 4, channels: 16, subgroup: 4 };
/** Lavapipe's. With 16 channels x is loaded twice as often: a seventh more to run. */
export const EIGHT_LANES: SubgroupTile = { pixels: 4, channels: 32, subgroup: 8 };

/** What the shader computes in one call. */
export interface LanesConvolution {
  readonly x: Nchw;
  /** Its first two axes are [out, in]; transposed, [in, out]. Without a window it is 1x1. */
  readonly weight: Shape;
  readonly y: Nchw;
  readonly stride?: Pair;
  /** Of a transposed convolution: what is cut off above and left, crop included. */
  readonly padding?: Pair;
  readonly dilation?: Pair;
  readonly transposed?: boolean;
  readonly hasBias?: boolean;
  readonly hasResidual?: boolean;
  /** 0 for none, 1 for ReLU, 2 for ReLU6. */
  readonly activation?: number;
}

/** Pixels from a tap to the next in a transposed convolution: one back. */
const BACK: Pair = 0xffffffff;

const phasesOf = ({ transposed, stride = 1 }: LanesConvolution): readonly [number, number] =>
  pair(transposed ? stride : 1);

/** Windows of a phase, of the whole batch. */
function windowsOf(call: LanesConvolution): number {
  const [phasesH, phasesW] = phasesOf(call);
  return call.y[0] * ceilDiv(call.y[2], phasesH) * ceilDiv(call.y[3], phasesW);
}

function lanesParams(call: LanesConvolution) {
  const { x, weight, y, transposed = false, hasBias = false, hasResidual = false, activation = 0 } = call;
  const [kernelH, kernelW] = [weight[2] ?? 1, weight[3] ?? 1];
  const [phasesH, phasesW] = phasesOf(call);
  const [strideH, strideW] = pair(transposed ? 1 : (call.stride ?? 1));
  const [padH, padW] = pair(transposed ? 0 : (call.padding ?? 0));
  const [skipH, skipW] = pair(transposed ? (call.padding ?? 0) : 0);
  const [dilationH, dilationW] = pair(transposed ? BACK : (call.dilation ?? 1));
  const [inColumns, outColumns] = [textureColumns(x), textureColumns(y)];
  return {
    in_h: u32(x[2]),
    in_w: u32(x[3]),
    in_blocks: u32(blocksOf(x[1])),
    in_columns: u32(inColumns),
    in_rows: u32(ceilDiv(blocksOf(x[1]), inColumns) * x[2]),
    out_h: u32(y[2]),
    out_w: u32(y[3]),
    out_blocks: u32(blocksOf(y[1])),
    out_columns: u32(outColumns),
    out_rows: u32(ceilDiv(blocksOf(y[1]), outColumns) * y[2]),
    windows: u32(windowsOf(call)),
    windows_h: u32(ceilDiv(y[2], phasesH)),
    windows_w: u32(ceilDiv(y[3], phasesW)),
    kernel_h: u32(kernelH),
    kernel_w: u32(kernelW),
    stride_h: u32(strideH),
    stride_w: u32(strideW),
    pad_h: u32(padH),
    pad_w: u32(padW),
    dilation_h: u32(dilationH),
    dilation_w: u32(dilationW),
    phases_h: u32(phasesH),
    phases_w: u32(phasesW),
    skip_h: u32(Math.floor(skipH / phasesH)),
    skip_w: u32(Math.floor(skipW / phasesW)),
    skip_rest_h: u32(skipH % phasesH),
    skip_rest_w: u32(skipW % phasesW),
    taps_h: u32(Math.floor(kernelH / phasesH)),
    taps_w: u32(Math.floor(kernelW / phasesW)),
    taps_rest_h: u32(kernelH % phasesH),
    taps_rest_w: u32(kernelW % phasesW),
    has_bias: u32(hasBias ? 1 : 0),
    has_residual: u32(hasResidual ? 1 : 0),
    relu: u32(activation),
  };
}

/** How a kernel runs the shader. P is its Problem. */
interface Use<P> {
  /** What the shader computes for a problem. */
  readonly callOf: (problem: P) => LanesConvolution;
  /** Whether it can. Default: always. */
  readonly serves?: (problem: P) => boolean;
  /** The kernel's names for x and y. What else the kernel does not have is absent from every call. */
  readonly operands?: { readonly x: string; readonly y: string };
  readonly order?: WeightOrder;
}

/** A variant that runs the shader. */
export function convLanes<P>(tile: SubgroupTile, use: Use<P>) {
  const { subgroup, pixels, channels } = tile;
  const { callOf, serves, order = "out-in", operands: { x, y } = { x: "x", y: "y" } } = use;
  return {
    ...lanesVariant(subgroup),
    shared: { kernel: "conv2d", operands: [x, "weight", "bias", "residual", y] },
    consts: { LANES: subgroup, TP: pixels, TC: channels },
    layouts: { [x]: "tex4", residual: "tex4", [y]: "tex4" } as const,
    packing: { weight: outputTiles({ tile: channels, order, storage: "texture" }) },
    when(problem: P, device: DeviceTraits): boolean {
      if (serves?.(problem) === false) return false;
      const call = callOf(problem);
      return runsLanes(device, call.x, call.y, tileTexels(call.weight, channels, order));
    },
    params: (problem: P) => lanesParams(callOf(problem)),
    threads(problem: P) {
      const call = callOf(problem);
      const [phasesH, phasesW] = phasesOf(call);
      const lanes = lanesFor(windowsOf(call), tile, subgroup);
      return [lanes, ceilDiv(call.y[1], channels), phasesH * phasesW] as const;
    },
  };
}
