/** What kernels over feature maps share: their uniforms, and the threads they ask for. */
import { u32 } from "./problem.js";
import { blocksOf, ceilDiv } from "./shape.js";
import type { Nchw } from "./shape.js";
import { textureColumns } from "./texture.js";
import type { Extent } from "./variant.js";

/** Pixels of a whole batch. */
export const pixelsOf = ([n, , h, w]: Nchw): number => n * h * w;

/** Blocks of four channels, of all pixels: the vec4 of layout nhwc4. */
export const vec4sOf = (shape: Nchw): number => pixelsOf(shape) * blocksOf(shape[1]);

/** Uniforms of a kernel that maps x to y: both sizes, and the output's pixels. */
export const mapParams = (x: Nchw, y: Nchw) => ({
  in_h: u32(x[2]),
  in_w: u32(x[3]),
  out_h: u32(y[2]),
  out_w: u32(y[3]),
  pixels: u32(pixelsOf(y)),
});

/** As mapParams, for planes in textures: `columns` planes lie side by side. */
export const textureMapParams = (x: Nchw, y: Nchw) => ({
  in_h: u32(x[2]),
  in_w: u32(x[3]),
  in_columns: u32(textureColumns(x)),
  out_h: u32(y[2]),
  out_w: u32(y[3]),
  out_columns: u32(textureColumns(y)),
  rows: u32(y[0] * y[2]),
});

/** Uniforms of a kernel that maps every texel of x to the same texel of y. */
export const texelParams = (x: Nchw) => ({
  height: u32(x[2]),
  width: u32(x[3]),
  channels: u32(x[1]),
  columns: u32(textureColumns(x)),
  rows: u32(x[0] * x[2]),
});

/** One thread per value, padding lanes included. */
export const threadPerValue = (shape: Nchw): Extent => [vec4sOf(shape) * 4, 1, 1];

/** One thread per pixel and block of four channels. */
export const threadPerVec4 = (shape: Nchw): Extent => [vec4sOf(shape), 1, 1];

/** As threadPerVec4, along columns, rows of the whole batch, and blocks: for textures, whose texels are the blocks. */
export const threadPerTexel = (shape: Nchw): Extent => [shape[3], shape[0] * shape[2], blocksOf(shape[1])];

/** Texels of a row that a thread takes, so that it finds its plane once for all of them. */
const TEXELS_PER_THREAD = 16;

/** As threadPerTexel, with several texels of a row per thread. The shader steps by the width of the grid. */
export const threadPerTexelRun = (shape: Nchw): Extent => {
  const [columns, rows, blocks] = threadPerTexel(shape);
  return [ceilDiv(columns, TEXELS_PER_THREAD), rows, blocks];
};

/** One thread per pixel. */
export const threadPerPixel = (shape: Nchw): Extent => [pixelsOf(shape), 1, 1];

/** One thread per four pixels, for labels that are packed as four bytes of a word. */
export const threadPerFourPixels = (shape: Nchw): Extent => [ceilDiv(pixelsOf(shape), 4), 1, 1];
