/**
 * Layouts of weights that several kernels share. A packing reorders a checkpoint's weight for the loads of a shader.
 */
import { alignUp, blocksOf, ceilDiv, elements } from "./shape.js";
import type { Shape } from "./shape.js";
import { TEXEL_BYTES } from "./texture.js";
import type { PackedOrder, Packing } from "./variant.js";

/** The first two axes of a weight: [out, in, ...] as conv2d has it, or [in, out, ...] as conv-transpose2d has it. */
export type WeightOrder = "out-in" | "in-out";

interface WeightSizes {
  readonly outC: number;
  readonly inC: number;
  /** kh * kw; 1 for a weight of two dimensions. */
  readonly taps: number;
}

function sizesOf(shape: Shape, order: WeightOrder): WeightSizes {
  const [first = 1, second = 1, ...window] = shape;
  const taps = elements(window);
  return order === "out-in" ? { outC: first, inC: second, taps } : { outC: second, inC: first, taps };
}

/** Texels of a weight in tiles of `tile` output channels. A texel holds four input channels of one output channel. */
export function tileTexels(shape: Shape, tile: number, order: WeightOrder = "out-in"): number {
  const { outC, inC, taps } = sizesOf(shape, order);
  return ceilDiv(outC, tile) * tile * taps * blocksOf(inC);
}

/** Orders that pack-weight knows, by their numbers in its shaders. */
export const PACKED_ORDERS: readonly string[] = [
  "out-in",
  "in-out",
  "channels",
  "rows",
] satisfies PackedOrder["order"][];

/** Texels of a weight in one of PACKED_ORDERS. */
export function packedTexels(shape: Shape, order: string, tile: number): number {
  if (order === "channels") return channelBlockTexels(shape);
  if (order === "rows") return rowTexels(shape);
  return tileTexels(shape, tile, order as WeightOrder);
}

/** The value as it is, padded with zeros to a multiple of 4 elements: biases, scales. */
export const plainPacking: Packing<unknown> = {
  name: "plain",
  pack(data) {
    const packed = new Float32Array(alignUp(data.length, 4));
    packed.set(data);
    return packed;
  },
};

export interface TileOptions {
  /** Output channels of a tile. A thread that computes a tile reads its weights in order. */
  readonly tile: number;
  readonly order?: WeightOrder;
  readonly storage?: "buffer" | "texture";
}

/** Packs to [out/tile][kh][kw][in/4][tile] of vec4 over 4 input channels. */
export function outputTiles({ tile, order = "out-in", storage = "buffer" }: TileOptions): Packing<unknown> {
  return {
    name: `${order} tiles of ${tile} in a ${storage}`,
    storage,
    packedOrder: { order, tile },
    ...(order === "out-in" && { group: tile }),
    bytes: (shape) => tileTexels(shape, tile, order) * TEXEL_BYTES,
    pack(data, shape) {
      const { outC, inC, taps } = sizesOf(shape, order);
      const packed = new Float32Array(tileTexels(shape, tile, order) * 4);
      const tapPitch = blocksOf(inC) * tile * 4; // values of one tap of a tile
      const [outStep, inStep] = order === "out-in" ? [inC * taps, taps] : [taps, outC * taps];
      const toNextBlock = tile * 4 - 3; // from the last channel of a texel to the first of the next
      for (let out = 0; out < outC; out++) {
        const ofOut = Math.floor(out / tile) * taps * tapPitch + (out % tile) * 4;
        for (let tap = 0; tap < taps; tap++) {
          let from = out * outStep + tap;
          let to = ofOut + tap * tapPitch;
          for (let c = 0; c < inC; c++) {
            packed[to] = data[from] as number;
            from += inStep;
            to += c % 4 === 3 ? toNextBlock : 1;
          }
        }
      }
      return packed;
    },
  };
}

/** Texels of a weight [channel][1][kh][kw] in blocks of four channels. */
export const channelBlockTexels = ([channels = 1, , ...window]: Shape): number => elements(window) * blocksOf(channels);

/** Packs [channel][1][kh][kw] to [kh][kw][channel/4] of vec4 over 4 channels. */
export function channelBlocks(storage: "buffer" | "texture" = "buffer"): Packing<unknown> {
  return {
    name: `channel blocks in a ${storage}`,
    storage,
    packedOrder: { order: "channels", tile: 1 },
    pack(data, shape) {
      const [channels = 1, , ...window] = shape;
      const taps = elements(window);
      const pitch = blocksOf(channels) * 4;
      const packed = new Float32Array(channelBlockTexels(shape) * 4);
      for (let c = 0; c < channels; c++) {
        for (let tap = 0; tap < taps; tap++) packed[tap * pitch + c] = data[c * taps + tap] as number;
      }
      return packed;
    },
  };
}

/** Output channels that are copied together, so that what is read and what is written stays in the cache. */
const BLOCK = 64;

/** Copies output channels of [out][in][kh][kw], from `first` on, to [kh][kw][in][out]. Channels are padded to 4. */
export function copyToRows<T extends Float32Array | Uint16Array>(data: T, shape: Shape, first: number, to: T): void {
  const [outC, inC, kh, kw] = shape as [number, number, number, number];
  const taps = kh * kw;
  const inPitch = blocksOf(inC) * 4;
  const outPitch = blocksOf(outC) * 4;
  const end = first + data.length / (inC * taps);
  for (let block = first; block < end; block += BLOCK) {
    const blockEnd = Math.min(block + BLOCK, end);
    for (let c = 0; c < inC; c++) {
      for (let tap = 0; tap < taps; tap++) {
        const row = (tap * inPitch + c) * outPitch;
        let from = ((block - first) * inC + c) * taps + tap;
        for (let out = block; out < blockEnd; out++) {
          to[row + out] = data[from] as number;
          from += inC * taps;
        }
      }
    }
  }
}

/** Texels of a weight in rows of output channels, as a matrix product reads it. */
export function rowTexels(shape: Shape): number {
  const [outC, inC, kh, kw] = shape as [number, number, number, number];
  return kh * kw * blocksOf(inC) * 4 * blocksOf(outC);
}

/** [kh][kw][in][out/4] of vec4 over 4 output channels. */
export const rows: Packing<unknown> = {
  name: "rows",
  packedOrder: { order: "rows", tile: 1 },
  bytes: (shape) => rowTexels(shape) * TEXEL_BYTES,
  pack(data, shape) {
    const packed = new Float32Array(rowTexels(shape) * 4);
    rows.packInto?.(packed, data, shape, 0);
    return packed;
  },
  packInto(packed, data, shape, first) {
    copyToRows(data, shape, first, packed as Float32Array);
  },
};
