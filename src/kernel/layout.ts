/**
 * Where the numbers of a tensor lie in GPU memory. Users see [N, C, H, W]; kernels see one of these layouts. A kernel variant
 * states the layout it reads and writes, and the plan inserts a conversion where two differ. Pure arithmetic: no WebGPU here.
 *
 * Invariant of every channel-blocked layout: the lanes between C and the next multiple of 4 are zero. Kernels may rely on it
 * and must keep it (the kernel tests check it on every output).
 */
import { badShape } from "../base/errors.js";
import { blocksOf } from "./shape.js";

/** [N, C, H, W], which is batch, channels, rows, columns. */
export type Nchw = readonly [number, number, number, number];

/** Element types as a user sees them. f16 is a storage type: kernels compute in f32. */
export type DType = "f32" | "f16" | "u32" | "u8";

export type HostArray = Float32Array | Uint32Array | Uint8Array;

export type LayoutName = "nhwc4" | "nhwc4-f16" | "nhwc4-u32" | "tex4" | "rgba8" | "u8" | "u32";

export interface Layout {
  readonly dtype: DType;
  /** Set when the tensor lives in an rgba32float texture of this size rather than in a buffer. */
  extent?(shape: Nchw): TextureExtent;
  /** Bytes the tensor takes, always a multiple of 4. */
  byteSize(shape: Nchw): number;
  /** From [N, C, H, W] order to this layout. */
  pack(values: ArrayLike<number>, shape: Nchw): ArrayBuffer;
  /** From this layout to [N, C, H, W] order. */
  unpack(bytes: ArrayBuffer, shape: Nchw): HostArray;
}

export interface TextureExtent {
  readonly width: number;
  readonly height: number;
  /** Planes side by side. */
  readonly columns: number;
}

export const sizeOf = (shape: Nchw): number => shape[0] * shape[1] * shape[2] * shape[3];

/** Calls `visit(nchw index, nhwc4 index)` for every element: the one place that knows the channel-blocked order. */
function eachBlocked(shape: Nchw, visit: (nchw: number, nhwc: number) => void): void {
  const [n, c, h, w] = shape;
  const pitch = blocksOf(c) * 4;
  for (let b = 0, from = 0; b < n; b++) {
    for (let ch = 0; ch < c; ch++) {
      for (let p = 0, to = b * h * w * pitch + ch; p < h * w; p++, to += pitch) visit(from++, to);
    }
  }
}

const blockedElements = ([n, c, h, w]: Nchw): number => n * h * w * blocksOf(c) * 4;

/** array<vec4f>, element ((n*H + y)*W + x)*ceil(C/4) + c/4, lane c%4; lanes past C are zero. */
const nhwc4: Layout = {
  dtype: "f32",
  byteSize: (shape) => blockedElements(shape) * 4,
  pack(values, shape) {
    const out = new Float32Array(blockedElements(shape));
    eachBlocked(shape, (from, to) => (out[to] = values[from] as number));
    return out.buffer;
  },
  unpack(bytes, shape) {
    const data = new Float32Array(bytes);
    const out = new Float32Array(sizeOf(shape));
    eachBlocked(shape, (to, from) => (out[to] = data[from] as number));
    return out;
  },
};

/** As nhwc4, with u32 elements (indices of max pooling). */
const nhwc4U32: Layout = {
  dtype: "u32",
  byteSize: (shape) => blockedElements(shape) * 4,
  pack(values, shape) {
    const out = new Uint32Array(blockedElements(shape));
    eachBlocked(shape, (from, to) => (out[to] = values[from] as number));
    return out.buffer;
  },
  unpack(bytes, shape) {
    const data = new Uint32Array(bytes);
    const out = new Uint32Array(sizeOf(shape));
    eachBlocked(shape, (to, from) => (out[to] = data[from] as number));
    return out;
  },
};

/** As nhwc4, four f16 in a vec2u (pack2x16float): half the memory, readable without shader-f16. */
const nhwc4F16: Layout = {
  dtype: "f16",
  byteSize: (shape) => blockedElements(shape) * 2,
  pack(values, shape) {
    const out = new Uint16Array(blockedElements(shape));
    eachBlocked(shape, (from, to) => (out[to] = toHalf(values[from] as number)));
    return out.buffer;
  },
  unpack(bytes, shape) {
    const data = new Uint16Array(bytes);
    const out = new Float32Array(sizeOf(shape));
    eachBlocked(shape, (to, from) => (out[to] = fromHalf(data[from] as number)));
    return out;
  },
};

/** The side every WebGPU device offers for a 2-D texture. */
const TEXTURE_SIDE = 8192;

/**
 * Planes of H x W texels, four channels in a texel, in rows of `columns` planes, so that the texture is no taller than it may be;
 * a batch item begins with a new row. Column 0 of every plane is zero: a kernel whose window reaches outside the picture reads
 * it there, without a branch.
 */
function planes([n, c, h, w]: Nchw): TextureExtent & { readonly rows: number } {
  const blocks = blocksOf(c);
  const columns = Math.ceil(blocks / Math.max(1, Math.floor(TEXTURE_SIDE / (n * h))));
  const rows = Math.ceil(blocks / columns);
  return { width: columns * (w + 1), height: n * rows * h, columns, rows };
}

/** Whether a tensor fits in one texture. */
export function fitsTexture(shape: Nchw): boolean {
  const { width, height } = planes(shape);
  return width <= TEXTURE_SIDE && height <= TEXTURE_SIDE;
}

/** Texels in a row of a weight texture. */
export const WEIGHT_TEXTURE_WIDTH = 1024;

/** Whether so many texels of weights fit their texture. */
export const fitsWeights = (texels: number): boolean => texels <= WEIGHT_TEXTURE_WIDTH * TEXTURE_SIDE;

/** Planes side by side in the texture of a tensor: a uniform of the kernels that address it. */
export const textureColumns = (shape: Nchw): number => planes(shape).columns;

function eachTexel(shape: Nchw, visit: (nchw: number, texel: number) => void): void {
  const [n, c, h, w] = shape;
  const { width, columns, rows } = planes(shape);
  for (let b = 0, from = 0; b < n; b++) {
    for (let ch = 0; ch < c; ch++) {
      const block = ch >> 2;
      const left = (block % columns) * (w + 1) + 1;
      const top = (b * rows + Math.floor(block / columns)) * h;
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++) visit(from++, ((top + y) * width + left + x) * 4 + (ch & 3));
    }
  }
}

/** rgba32float texture; channels 4k..4k+3 of a batch item are one plane of H x (1 + W) texels whose column 0 is zero; planes fill rows of `columns`. */
const tex4: Layout = {
  dtype: "f32",
  extent: planes,
  byteSize(shape) {
    const { width, height } = planes(shape);
    return width * height * 16;
  },
  pack(values, shape) {
    const out = new Float32Array(this.byteSize(shape) / 4);
    eachTexel(shape, (from, to) => (out[to] = values[from] as number));
    return out.buffer;
  },
  unpack(bytes, shape) {
    const data = new Float32Array(bytes);
    const out = new Float32Array(sizeOf(shape));
    eachTexel(shape, (to, from) => (out[to] = data[from] as number));
    return out;
  },
};

/** Layouts whose physical order is [N, H, W, C] with no padding between elements. */
function dense(name: LayoutName, dtype: DType, channels: number, wide: boolean): Layout {
  const typed = (buffer: ArrayBuffer): HostArray => (wide ? new Uint32Array(buffer) : new Uint8Array(buffer));
  const byteSize = ([n, , h, w]: Nchw): number => Math.ceil((n * h * w * channels * (wide ? 4 : 1)) / 4) * 4;
  const reorder = (from: ArrayLike<number>, to: HostArray, shape: Nchw, packing: boolean): void => {
    const plane = shape[2] * shape[3];
    for (let n = 0; n < shape[0]; n++) {
      for (let c = 0; c < channels; c++) {
        for (let p = 0; p < plane; p++) {
          const nchw = (n * channels + c) * plane + p;
          const nhwc = (n * plane + p) * channels + c;
          if (packing) to[nhwc] = from[nchw] as number;
          else to[nchw] = from[nhwc] as number;
        }
      }
    }
  };
  return {
    dtype,
    byteSize(shape) {
      if (shape[1] !== channels)
        throw badShape(`layout ${name} holds ${channels} channel(s), got [${shape.join(",")}]`);
      return byteSize(shape);
    },
    pack(values, shape) {
      const buffer = new ArrayBuffer(this.byteSize(shape));
      reorder(values, typed(buffer), shape, true);
      return buffer;
    },
    unpack(bytes, shape) {
      if (channels === 1) return typed(bytes).slice(0, sizeOf(shape)); // nothing to reorder
      const out = wide ? new Uint32Array(sizeOf(shape)) : new Uint8Array(sizeOf(shape));
      reorder(typed(bytes), out, shape, false);
      return out;
    },
  };
}

export const layouts: Readonly<Record<LayoutName, Layout>> = {
  nhwc4,
  "nhwc4-f16": nhwc4F16,
  "nhwc4-u32": nhwc4U32,
  tex4,
  rgba8: dense("rgba8", "u8", 4, false), // one u32 a pixel, R in the low byte
  u8: dense("u8", "u8", 1, false), // four labels in a u32, pixel i in byte i%4 of word i/4
  u32: dense("u32", "u32", 1, true), // one u32 a pixel
};

// f16 <-> f32 for storage on the host: IEEE 754-2008 binary16, round to nearest, ties to even.
const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

export function toHalf(value: number): number {
  scratch[0] = value;
  const bits = scratchBits[0] as number;
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const mantissa = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (mantissa ? 0x200 : 0);
  let shift = 13;
  let half = ((exponent - 112) << 10) | (mantissa >>> 13);
  let full = mantissa;
  if (exponent < 113) {
    if (exponent < 102) return sign; // below half of the smallest subnormal
    full = mantissa | 0x800000;
    shift = 126 - exponent;
    half = full >>> shift;
  }
  const rest = full & ((1 << shift) - 1);
  const tie = 1 << (shift - 1);
  if (rest > tie || (rest === tie && half & 1)) half++; // may carry into the exponent, which is right
  return half >= 0x7c00 ? sign | 0x7c00 : sign | half;
}

export function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const mantissa = half & 1023;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa ? NaN : sign * Infinity;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}
