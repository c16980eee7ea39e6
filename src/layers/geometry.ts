/**
 * The geometry of an FCN's decoder: the transposed convolutions and crops that bring coarse scores back to the
 * picture's size. All of it follows from the encoder, and it holds for pictures of every size.
 * https://arxiv.org/abs/1411.4038, section 3
 *
 * An encoder is a chain of windows with kernel k, stride s, padding p and dilation d. The chain gives for each feature
 * map:
 * - the stride: pixels between neighbouring cells;
 * - the receptive field: pixels that one cell sees;
 * - the offset: the pixel on which cell 0 is centred;
 * - the margin: see coverage.
 *
 * Coverage. A layer turns m rows into n rows:
 *
 *     n = floor((m + 2p - d(k-1) - 1) / s) + 1,   so   n * s >= m + 2p - d(k-1),   with equality for some m.
 *
 * For a chain this adds up to n * stride >= m + margin. The margin is the sum of the layers' 2p - d(k-1), each times
 * the stride before the layer. The picture's margin is 0. A map that is upsampled to a finer one covers it at every
 * size if its margin is at least the finer map's, and only then. Where it covers, a crop is all that is left to do.
 */
import { badShape } from "../base/errors.js";
import { convOutputSize, poolOutputSize } from "../kernel/shape.js";
import type { PoolWindow, Window } from "../kernel/shape.js";
import { PICTURE_MAP, mapsAfter } from "./encoder-maps.js";
import type { EncoderMap } from "./encoder-maps.js";

/** A convolution or a pooling. `ceilMode` is for poolings: 2x2 pools of stride 2 cover every picture only with it. */
export type EncoderLayer = Required<Window> & Pick<PoolWindow, "ceilMode">;

/**
 * Where the scores of a cell are placed in the finer map.
 * - "pad": padding (k - s) / 2 and no crop offset, as in most ports and in the weights `icons`. It is simple, but with
 *   ResNet's odd kernels cell i is centred on pixel 32i, and its scores are centred on 32i + 15.5.
 * - "aligned": no padding, and a crop offset that centres scores exactly on their cells, as in the default weights,
 *   `photos`. Encoders centred on pixels get bilinear kernels of odd size (ResNet: 63, cropped by 31). Encoders centred
 *   between pixels get kernels of even size (VGG's 2x2 pools, where the result equals "pad"). Other fractions are
 *   rounded to the nearest half pixel.
 * - "crop-skips": no padding, kernels of even size, and a crop of the finer map instead of the upsampled one, as in the
 *   paper's release over VGG-16 (crops of 5 and 9 cells, then of 31, 27 or 19 pixels). Encoders with much padding need
 *   it: their cell 0 lies outside the picture.
 *
 * Heads that were trained with one alignment lose accuracy with the others.
 */
export type Alignment = "pad" | "aligned" | "crop-skips";

/** One transposed convolution and the crop after it: first `top` rows and `left` columns go, then the far edges. */
export interface UpsampleStep {
  /** Stride of the map that the step reads. */
  readonly from: number;
  /** Stride of the map to whose size the result is cropped; 1 is the picture. */
  readonly to: number;
  /** Rows (and columns) of the transposed convolution's kernel. */
  readonly kernel: number;
  /** How many cells of the finer map a cell becomes, along an axis. */
  readonly stride: number;
  /** Rows that the transposed convolution leaves out on each side. */
  readonly padding: number;
  /** Rows that it adds at the far end. */
  readonly outputPadding: number;
  /** Rows and columns that are cut off before the rest. */
  readonly crop: { readonly top: number; readonly left: number };
  /** With "crop-skips": rows and columns of the finer map that lie before the upsampled one. */
  readonly skipCrop?: { readonly top: number; readonly left: number };
}

/** Where an encoder's cells lie in the picture, and the steps back to its size. */
export interface DecoderGeometry {
  /** Pixels between neighbouring cells of the last feature map. */
  readonly stride: number;
  /** Pixels that one cell of the last map sees along an axis, through the given layers. Those of stride 1 count too. */
  readonly receptiveField: number;
  /** Pixel on which cell 0 of the last feature map is centred. */
  readonly offset: number;
  /** From the coarsest scores straight to the picture. */
  readonly fcn32s: readonly UpsampleStep[];
  /** With one skip. */
  readonly fcn16s: readonly UpsampleStep[];
  /** With two skips. */
  readonly fcn8s: readonly UpsampleStep[];
}

/** How many cells of the finer map a cell of the coarse one spans. @throws bad-shape */
function strideRatio(coarse: EncoderMap, fine: EncoderMap): number {
  const ratio = coarse.stride / fine.stride;
  if (Number.isInteger(ratio)) return ratio;
  throw badShape(`decoder: stride ${coarse.stride} is not a multiple of stride ${fine.stride}`);
}

/** The step from a coarse map to a finer one. @throws bad-shape */
function upsampleStep(coarse: EncoderMap, fine: EncoderMap, alignment: "pad" | "aligned"): UpsampleStep {
  const ratio = strideRatio(coarse, fine);
  if (coarse.margin < fine.margin)
    throw badShape(
      `decoder: the encoder loses ${fine.margin - coarse.margin} pixels between strides ${fine.stride} and ` +
        `${coarse.stride}, so its maps cannot cover every picture: give its layers more padding`,
    );
  const window = alignment === "pad" ? paddedWindow(ratio) : alignedWindow(ratio, coarse, fine);
  return { from: coarse.stride, to: fine.stride, stride: ratio, ...window };
}

type StepWindow = Pick<UpsampleStep, "kernel" | "padding" | "outputPadding" | "crop">;

/**
 * Steps that crop the skips. Cell i of the coarse map lands on cell i * r + r - 1/2 of the upsampled one. The finer map
 * loses its cells before that, so that the sum begins where the upsampled map does. At the picture's size the result is
 * cropped instead.
 */
function stepsThatCropSkips(stops: readonly EncoderMap[]): UpsampleStep[] {
  let coarse = stops[0] as EncoderMap;
  return stops.slice(1).map((fine) => {
    const stride = strideRatio(coarse, fine);
    const kernel = 2 * stride;
    const cropped = (kernel - 1) / 2 - (coarse.offset - fine.offset) / fine.stride;
    const isLast = fine.stride === 1;
    if (!Number.isInteger(cropped) || (isLast ? cropped < 0 : cropped > 0))
      throw badShape(
        `decoder: cells of stride ${coarse.stride} lie ${cropped} cells off those of stride ${fine.stride}; ` +
          "skips can be cropped where 2x2 pools follow a convolution with much padding",
      );
    const step = { from: coarse.stride, to: fine.stride, kernel, stride, padding: 0, outputPadding: 0 };
    if (isLast) return { ...step, crop: { top: cropped, left: cropped } };
    coarse = { ...fine, offset: fine.offset - cropped * fine.stride };
    return { ...step, crop: { top: 0, left: 0 }, skipCrop: { top: -cropped, left: -cropped } };
  });
}

/** With r the ratio of the strides, a kernel of 2r (2r - 1 for odd r) and this padding turn n rows into n * r rows. */
function paddedWindow(ratio: number): StepWindow {
  const kernel = 2 * ratio - (ratio % 2);
  return { kernel, padding: Math.floor(ratio / 2), outputPadding: 0, crop: { top: 0, left: 0 } };
}

/**
 * Without padding, cell i of the coarse map lands on cell i * r + (kernel - 1) / 2 of the fine map.
 * It belongs on i * r + shift. The crop takes away the difference, which must be whole.
 * So the kernel is odd for a whole shift and even for half a cell.
 * Kernels of both sizes interpolate linearly between neighbours that are r apart.
 */
function alignedWindow(ratio: number, coarse: EncoderMap, fine: EncoderMap): StepWindow {
  const shift = roundToHalf((coarse.offset - fine.offset) / fine.stride);
  const kernel = Number.isInteger(shift) ? 2 * ratio - 1 : 2 * ratio;
  const cropped = (kernel - 1) / 2 - shift;
  // Rows added at the end, so that n * r rows are left after the crop.
  const outputPadding = Math.max(0, ratio + cropped - kernel);
  if (cropped < 0 || outputPadding >= ratio)
    throw badShape(
      `decoder: cells of stride ${coarse.stride} are centred ${shift} cells off those of stride ${fine.stride}, ` +
        `more than a kernel of ${kernel} spans`,
    );
  return { kernel, padding: 0, outputPadding, crop: { top: cropped, left: cropped } };
}

const roundToHalf = (value: number): number => Math.round(2 * value) / 2;

/** As givenDecoderGeometry(), of arguments that are known to be right. @throws bad-shape */
export function decoderGeometry(
  encoder: readonly EncoderLayer[],
  options: { readonly alignment?: Alignment } = {},
): DecoderGeometry {
  const { alignment = "pad" } = options;
  const maps = mapsAfter(encoder);
  const last = maps.at(-1);
  if (!last) throw badShape("decoder: the encoder has no layers");
  const stepsThrough = (...skips: readonly number[]): UpsampleStep[] => {
    const stops = [last, ...skips.map((stride) => mapOfStride(maps, stride)), PICTURE_MAP];
    if (alignment === "crop-skips") return stepsThatCropSkips(stops);
    return stops.slice(1).map((fine, i) => upsampleStep(stops[i] as EncoderMap, fine, alignment));
  };
  const half = last.stride / 2;
  const quarter = last.stride / 4;
  return {
    stride: last.stride,
    receptiveField: last.receptiveField,
    offset: last.offset,
    fcn32s: stepsThrough(),
    fcn16s: stepsThrough(half),
    fcn8s: stepsThrough(half, quarter),
  };
}

/** The last map of a stride. Not of stride 1, the picture's: a skip there leaves nothing to do for the last step. */
function mapOfStride(maps: readonly EncoderMap[], stride: number): EncoderMap {
  const map = stride > 1 ? maps.findLast((candidate) => candidate.stride === stride) : undefined;
  if (map) return map;
  const strides = [...new Set(maps.map((candidate) => candidate.stride))];
  throw badShape(
    `decoder: a skip needs a downsampled feature map, here of stride ${stride}; ` +
      `the encoder has strides ${strides.join(", ")}`,
  );
}

/**
 * Sizes of the feature maps by stride, for a picture of `size` along one axis (height and width do not affect each
 * other). The last layer of each stride counts. Stride 1 is the picture, as in `UpsampleStep.to`.
 */
export function featureMapSizes(encoder: readonly EncoderLayer[], size: number): ReadonlyMap<number, number> {
  const sizes = new Map<number, number>([[1, size]]);
  let current = size;
  let stride = 1;
  for (const layer of encoder) {
    current = layer.ceilMode ? poolOutputSize(current, layer) : convOutputSize(current, layer);
    stride *= layer.stride;
    if (stride > 1) sizes.set(stride, current);
  }
  return sizes;
}

/**
 * The smallest size from `size` on at which the last cell of every feature map is centred on the last pixel, where
 * cell 0 is centred on pixel 0: a multiple of the total stride, plus 1. Pictures padded to it with zeros at the bottom
 * and at the right need no crop between skips: stages of 16k + 1, 8k + 1, ... cells double to 2n - 1.
 */
export function alignedSize(encoder: readonly EncoderLayer[], size: number): number {
  const stride = encoder.reduce((total, layer) => total * layer.stride, 1);
  return Math.ceil((size - 1) / stride) * stride + 1;
}
