/**
 * Layouts of weights that several kernels share. A packing reorders a checkpoint's weight for the loads of a shader.
 */
import { alignUp, blocksOf, ceilDiv, elements } from "./shape.js";
import type { Shape } from "./shape.js";
import type { Packing } from "./variant.js";

/** The first two axes of a weight: [out, in, ...] as conv2d has it, or [in, out, ...] as conv-transpose2d has it. */
export type WeightOrder = "out-in" | "in-out";

/** Bytes of four f32. */
const TEXEL_BYTES = 16;

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
    ...(order === "out-in" && { group: tile }),
    bytes: (shape) => tileTexels(shape, tile, order) * TEXEL_BYTES,
    pack(data, shape) {
      const { outC, inC, taps } = sizesOf(shape, order);
      const inBlocks = blocksOf(inC);
      const packed = new Float32Array(tileTexels(shape, tile, order) * 4);
      for (let out = 0; out < outC; out++) {
        for (let c = 0; c < inC; c++) {
          const from = (order === "out-in" ? out * inC + c : c * outC + out) * taps;
          for (let tap = 0; tap < taps; tap++) {
            const step = (Math.floor(out / tile) * taps + tap) * inBlocks + Math.floor(c / 4);
            const texel = step * tile + (out % tile);
            packed[texel * 4 + (c % 4)] = data[from + tap] as number;
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
