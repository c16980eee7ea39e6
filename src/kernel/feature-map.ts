/** What kernels over feature maps share: their uniforms, and the threads they ask for. */
import { u32 } from "./problem.js";
import { blocksOf, ceilDiv } from "./shape.js";
import type { Nchw } from "./shape.js";
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

/** One thread per value, padding lanes included. */
export const threadPerValue = (shape: Nchw): Extent => [vec4sOf(shape) * 4, 1, 1];

/** One thread per pixel and block of four channels. */
export const threadPerVec4 = (shape: Nchw): Extent => [vec4sOf(shape), 1, 1];

/** One thread per pixel. */
export const threadPerPixel = (shape: Nchw): Extent => [pixelsOf(shape), 1, 1];

/** One thread per four pixels, for labels that are packed as four bytes of a word. */
export const threadPerFourPixels = (shape: Nchw): Extent => [ceilDiv(pixelsOf(shape), 4), 1, 1];
