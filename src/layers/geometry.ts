/**
 * How an FCN comes back to the picture's size, worked out from the encoder alone. Every layer of the encoder is a window of
 * (kernel, stride, padding, dilation); from that chain follow the total stride, the receptive field, where each cell of a
 * feature map is centred, and the transposed convolutions of FCN-32s, 16s and 8s, whatever the size of the picture.
 *
 * Coverage: a layer's output n of input m has n * s >= m + 2p - d(k-1), with equality for some m. Summed over a chain,
 * stride * n >= m + margin with margin = sum of (2p - d(k-1)) * (stride so far). With margin >= 0, and only then, the upsampled
 * map covers the finer one at every size, and a crop is all that is left to do. https://arxiv.org/abs/1411.4038, section 3
 */
import { badShape } from "../base/errors.js";
import { convOutputSize, poolOutputSize } from "../kernel/shape.js";
import type { PoolWindow, Window } from "../kernel/shape.js";

/** A convolution or a pooling. `ceilMode` is for poolings: 2x2 pools of stride 2 cover every picture only with it. */
export type EncoderLayer = Required<Window> & Pick<PoolWindow, "ceilMode">;

/**
 * Which pixels a cell's scores are laid over.
 * - "pad": padding (k - s) / 2 and no crop offset, as in most ports and in the checkpoint that ships. Simple, but through
 *   ResNet's odd kernels cell i is centred on pixel 32i while its scores are centred on 32i + 15.5.
 * - "aligned": no padding, and a crop offset that puts scores exactly where their cells are centred: bilinear kernels of odd
 *   size for encoders centred on pixels (ResNet: 63 cropped by 31), of even size for those centred between pixels (VGG's 2x2
 *   pools, where it is the same as "pad"). Centres at other fractions go to the nearest half pixel.
 * Heads trained under one rule lose accuracy under the other.
 */
export type Alignment = "pad" | "aligned";

/** One transposed convolution, and the crop that follows: `top` and `left` rows off, then the target's size. */
export interface UpsampleStep {
  /** Strides of the map it reads and of the map it is cropped to; 1 is the picture. */
  readonly from: number;
  readonly to: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly outputPadding: number;
  readonly crop: { readonly top: number; readonly left: number };
}

export interface DecoderGeometry {
  /** Pixels between neighbouring cells of the last feature map. */
  readonly stride: number;
  /** Pixels that one cell of the last feature map sees along an axis, through the layers given (3x3 of stride 1 count too). */
  readonly receptiveField: number;
  /** Pixel on which cell 0 of the last feature map is centred. */
  readonly offset: number;
  /** The coarsest scores straight to the picture; with one skip; with two skips. */
  readonly fcn32s: readonly UpsampleStep[];
  readonly fcn16s: readonly UpsampleStep[];
  readonly fcn8s: readonly UpsampleStep[];
}

/** State of the chain after some layers, in pixels of the picture. */
interface Tap {
  readonly stride: number;
  readonly offset: number;
  readonly field: number;
  readonly margin: number;
}

const PICTURE: Tap = { stride: 1, offset: 0, field: 1, margin: 0 };

function walk(encoder: readonly EncoderLayer[]): Tap[] {
  let tap = PICTURE;
  return encoder.map(({ kernel, stride, padding, dilation, ceilMode }) => {
    const reach = dilation * (kernel - 1);
    // Rounding up adds stride - 1, but a last window that would start in the far padding is dropped, which leaves `padding`.
    const gain = ceilMode ? Math.min(2 * padding - reach + stride - 1, padding) : 2 * padding - reach;
    tap = {
      stride: tap.stride * stride,
      offset: tap.offset + (reach / 2 - padding) * tap.stride,
      field: tap.field + reach * tap.stride,
      margin: tap.margin + gain * tap.stride,
    };
    return tap;
  });
}

function step(coarse: Tap, fine: Tap, alignment: Alignment): UpsampleStep {
  const ratio = coarse.stride / fine.stride;
  if (!Number.isInteger(ratio))
    throw badShape(`decoder: stride ${coarse.stride} is not a multiple of stride ${fine.stride}`);
  if (coarse.margin < fine.margin) {
    throw badShape(
      `decoder: the encoder loses ${fine.margin - coarse.margin} pixels between strides ${fine.stride} and ${coarse.stride}, so its maps cannot cover every picture: give its layers more padding`,
    );
  }
  const base = { from: coarse.stride, to: fine.stride, stride: ratio };
  if (alignment === "pad") {
    // kernel 2r (2r - 1 for odd r) with this padding gives exactly n * r outputs for n inputs
    return {
      ...base,
      kernel: 2 * ratio - (ratio % 2),
      padding: Math.floor(ratio / 2),
      outputPadding: 0,
      crop: { top: 0, left: 0 },
    };
  }
  // Without padding, coarse cell i lands on i * r + (kernel - 1) / 2; it belongs on i * r + shift. The kernel's parity makes the
  // difference whole; both sizes interpolate linearly between neighbours r apart.
  const shift = Math.round((2 * (coarse.offset - fine.offset)) / fine.stride) / 2;
  const kernel = Number.isInteger(shift) ? 2 * ratio - 1 : 2 * ratio;
  const offset = (kernel - 1) / 2 - shift;
  const outputPadding = Math.max(0, ratio + offset - kernel); // so that n * r rows remain after the crop
  if (offset < 0 || outputPadding >= ratio) {
    throw badShape(
      `decoder: cells of stride ${coarse.stride} are centred ${shift} cells off those of stride ${fine.stride}, more than a kernel of ${kernel} spans`,
    );
  }
  return { ...base, kernel, padding: 0, outputPadding, crop: { top: offset, left: offset } };
}

/**
 * Strides, centres and upsampling steps for an encoder given as its chain of layers. Those that keep size and centres (stride 1,
 * padding d(k-1)/2) may be left out when the receptive field is of no interest. Skips are taken where the total stride is a half
 * and a quarter of the whole, after the last layer of that stride.
 * @throws bad-shape when the chain has no such strides or cannot cover every picture
 */
export function decoderGeometry(
  encoder: readonly EncoderLayer[],
  options: { readonly alignment?: Alignment } = {},
): DecoderGeometry {
  const { alignment = "pad" } = options;
  const taps = walk(encoder);
  const last = taps.at(-1);
  if (!last) throw badShape("decoder: the encoder has no layers");
  const tapAt = (stride: number): Tap => {
    // Stride 1 is the picture's own; a skip there would leave nothing for the last step to do.
    const tap = stride > 1 ? taps.findLast((t) => t.stride === stride) : undefined;
    if (!tap)
      throw badShape(
        `decoder: a skip needs a downsampled feature map, here of stride ${stride}; the encoder has strides ${[...new Set(taps.map((t) => t.stride))].join(", ")}`,
      );
    return tap;
  };
  const path = (...strides: number[]): UpsampleStep[] => {
    const stops = [last, ...strides.map(tapAt), PICTURE];
    return stops.slice(1).map((fine, i) => step(stops[i] as Tap, fine, alignment));
  };
  const half = last.stride / 2;
  return {
    stride: last.stride,
    receptiveField: last.field,
    offset: last.offset,
    fcn32s: path(),
    fcn16s: path(half),
    fcn8s: path(half, half / 2),
  };
}

/**
 * Size of the feature map at each stride for a picture of `size` (one axis; height and width do not affect each other). The last
 * layer of each stride counts; stride 1 is the picture, as in `UpsampleStep.to`.
 */
export function tapSizes(encoder: readonly EncoderLayer[], size: number): ReadonlyMap<number, number> {
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
