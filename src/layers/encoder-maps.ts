/** Where the cells of an encoder's feature maps lie in the picture; geometry.ts explains the words. */
import type { EncoderLayer } from "./geometry.js";

/** A feature map of the encoder. All values are in pixels of the picture, along one axis. */
export interface EncoderMap {
  readonly stride: number;
  readonly offset: number;
  readonly receptiveField: number;
  readonly margin: number;
}

/** The picture itself, before any layer. */
export const PICTURE_MAP: EncoderMap = { stride: 1, offset: 0, receptiveField: 1, margin: 0 };

/** The feature map after each layer. */
export function mapsAfter(encoder: readonly EncoderLayer[]): EncoderMap[] {
  const maps: EncoderMap[] = [];
  let before = PICTURE_MAP;
  for (const layer of encoder) {
    const { kernel, stride, padding, dilation } = layer;
    const reach = dilation * (kernel - 1);
    const after: EncoderMap = {
      stride: before.stride * stride,
      offset: before.offset + (reach / 2 - padding) * before.stride,
      receptiveField: before.receptiveField + reach * before.stride,
      margin: before.margin + marginOf(layer) * before.stride,
    };
    maps.push(after);
    before = after;
  }
  return maps;
}

/** What one layer adds to the margin, in rows of its input. */
function marginOf({ kernel, stride, padding, dilation, ceilMode }: EncoderLayer): number {
  const roundedDown = 2 * padding - dilation * (kernel - 1);
  if (!ceilMode) return roundedDown;
  // Rounding up gains stride - 1 rows. But a window that would start in the far padding is dropped; `padding` remains.
  return Math.min(roundedDown + stride - 1, padding);
}
