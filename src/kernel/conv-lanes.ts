/**
 * The shader conv2d/lanes.wgsl for the kernels that run it: convolutions, class projections (1x1), and transposed
 * convolutions. With one shader they share one pipeline, and compiling is what a software adapter takes longest for.
 *
 * A transposed convolution of stride s is s x s small convolutions, one for each position of an output pixel within the
 * stride: its phases. With t = out + skip, where `skip` is what is cut off above, the taps t mod s, + s, + 2s ... meet
 * the inputs t / s, t / s - 1, t / s - 2 ... A workgroup takes windows of one phase, so its lanes take the same taps.
 * Other convolutions have one phase.
 */
import { lanesFor, lanesVariant, runsLanes } from "./lanes.js";
import type { LanesTile } from "./lanes.js";
import { outputTiles, tileTexels } from "./packings.js";
import type { WeightOrder } from "./packings.js";
import { pair, u32 } from "./problem.js";
import type { Pair, Scalar } from "./problem.js";
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

/** What the shader computes in one call, by the names of conv2d. */
export interface LanesConvolution {
  readonly x: Nchw;
  /** Its first two axes are [out, in]; transposed, [in, out]. Without a window it is 1x1. */
  readonly weight: Shape;
  readonly bias?: Shape | undefined;
  readonly residual?: Nchw | undefined;
  readonly y: Nchw;
  readonly stride?: Pair;
  /** Of a transposed convolution: what is cut off above and left, crop included. */
  readonly padding?: Pair;
  readonly dilation?: Pair;
  readonly relu?: boolean;
  readonly relu6?: boolean;
  readonly transposed?: boolean;
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

type Uniforms = Readonly<Record<string, Scalar>>;

const both = (name: string, [h, w]: readonly [number, number]): Uniforms => ({
  [`${name}_h`]: u32(h),
  [`${name}_w`]: u32(w),
});

function mapUniforms(name: string, map: Nchw): Uniforms {
  const [, channels, height, width] = map;
  const columns = textureColumns(map);
  return {
    ...both(name, [height, width]),
    [`${name}_blocks`]: u32(blocksOf(channels)),
    [`${name}_columns`]: u32(columns),
    [`${name}_rows`]: u32(ceilDiv(blocksOf(channels), columns) * height),
  };
}

function lanesParams(call: LanesConvolution): Uniforms {
  const { x, weight, y, transposed = false, stride = 1, padding = 0, dilation = 1 } = call;
  const kernel = [weight[2] ?? 1, weight[3] ?? 1] as const;
  const phases = phasesOf(call);
  const skip = pair(transposed ? padding : 0);
  const wholes = (sizes: readonly [number, number]) =>
    [Math.floor(sizes[0] / phases[0]), Math.floor(sizes[1] / phases[1])] as const;
  const rests = (sizes: readonly [number, number]) => [sizes[0] % phases[0], sizes[1] % phases[1]] as const;
  return {
    ...mapUniforms("in", x),
    ...mapUniforms("out", y),
    windows: u32(windowsOf(call)),
    ...both("windows", [ceilDiv(y[2], phases[0]), ceilDiv(y[3], phases[1])]),
    ...both("kernel", kernel),
    ...both("stride", pair(transposed ? 1 : stride)),
    ...both("pad", pair(transposed ? 0 : padding)),
    ...both("dilation", pair(transposed ? BACK : dilation)),
    ...both("phases", phases),
    ...both("skip", wholes(skip)),
    ...both("skip_rest", rests(skip)),
    ...both("taps", wholes(kernel)),
    ...both("taps_rest", rests(kernel)),
    has_bias: u32(call.bias ? 1 : 0),
    has_residual: u32(call.residual ? 1 : 0),
    relu: u32(call.relu6 ? 2 : Number(call.relu ?? 0)),
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
    ahead: true,
    shared: { kernel: "conv2d", operands: { x, weight: "weight", bias: "bias", residual: "residual", y } },
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
