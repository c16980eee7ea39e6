/**
 * Geometry of tensors and weights in rgba32float textures, where a texel holds four channels. On software Vulkan such a
 * texture is read twice as fast as a buffer.
 */
import { blocksOf, ceilDiv, elements } from "./shape.js";
import type { Nchw } from "./shape.js";

/** Bytes of a texel of rgba32float: four f32. */
export const TEXEL_BYTES = 16;

/** The side that every WebGPU device offers for a 2-D texture. */
const TEXTURE_SIDE = 8192;

export interface TextureExtent {
  readonly width: number;
  readonly height: number;
  /** Planes side by side. */
  readonly columns: number;
}

/**
 * Planes of H x (1 + W) texels, in rows of `columns` planes, so that the texture is no taller than it may be. A batch
 * item begins with a new row. Column 0 of every plane is zero: a kernel whose window reaches outside the picture reads
 * that column instead of taking a branch.
 */
export function planes([n, c, h, w]: Nchw): TextureExtent & { readonly rows: number } {
  const blocks = blocksOf(c);
  const rowsThatFit = Math.max(1, Math.floor(TEXTURE_SIDE / (n * h)));
  const columns = ceilDiv(blocks, rowsThatFit);
  const rows = ceilDiv(blocks, columns);
  return { width: columns * (w + 1), height: n * rows * h, columns, rows };
}

/** Whether a tensor fits in one texture. */
export function fitsTexture(shape: Nchw): boolean {
  const { width, height } = planes(shape);
  return width <= TEXTURE_SIDE && height <= TEXTURE_SIDE;
}

/** Planes side by side in the texture of a tensor: a uniform of the kernels that address it. */
export const textureColumns = (shape: Nchw): number => planes(shape).columns;

/** Texels in a row of a weight texture. */
export const WEIGHT_TEXTURE_WIDTH = 1024;

const WEIGHT_TEXTURE_TEXELS = WEIGHT_TEXTURE_WIDTH * TEXTURE_SIDE;

/** The texture of a weight: its values in order, four in a texel. */
export function weightTexture(shape: Nchw): TextureExtent {
  const texels = ceilDiv(elements(shape), 4);
  return { width: WEIGHT_TEXTURE_WIDTH, height: ceilDiv(texels, WEIGHT_TEXTURE_WIDTH), columns: 1 };
}

/** Whether a weight of this many texels fits in one texture. */
export const fitsWeights = (texels: number): boolean => texels <= WEIGHT_TEXTURE_TEXELS;

/** Bytes of the largest weight that fits in one texture. */
export const WEIGHT_TEXTURE_BYTES = TEXEL_BYTES * WEIGHT_TEXTURE_TEXELS;

/** Calls `visit(nchw index, index of the f32 in the texture)` for every element. */
export function eachTexel(shape: Nchw, visit: (nchw: number, texel: number) => void): void {
  const [n, c, h, w] = shape;
  const { width, columns, rows } = planes(shape);
  let from = 0;
  for (let b = 0; b < n; b++) {
    for (let ch = 0; ch < c; ch++) {
      const block = Math.floor(ch / 4);
      const left = (block % columns) * (w + 1) + 1;
      const top = (b * rows + Math.floor(block / columns)) * h;
      for (let y = 0; y < h; y++) {
        for (let x = 0; x < w; x++) visit(from++, ((top + y) * width + left + x) * 4 + (ch % 4));
      }
    }
  }
}
