/**
 * Where the numbers of a tensor lie in GPU memory. Users see [N, C, H, W]; kernels see one of these layouts. A kernel
 * variant states the layout it reads and writes, and the plan inserts a conversion where two differ. Pure arithmetic,
 * no WebGPU.
 *
 * Invariant of every channel-blocked layout: the lanes between C and the next multiple of 4 are zero. Kernels may rely
 * on it and must keep it. The kernel tests check it on every output.
 */
import { badShape } from "../base/errors.js";
import { baseOf, borderOf, borderedLayout } from "./border.js";
import type { BorderableName } from "./border.js";
import { fromHalf, toHalf } from "./half.js";
import { alignUp, blocksOf, formatShape } from "./shape.js";
import type { Nchw } from "./shape.js";
import { TEXEL_BYTES, eachTexel, planes, weightTexture } from "./texture.js";
import type { TextureExtent } from "./texture.js";

/** Element types as a user sees them. f16 is a storage type: kernels compute in f32. */
export type DType = "f32" | "f16" | "u32" | "u8";

/** What a tensor's values are on the host: Float32Array for f32 and f16, the others for integers. */
export type HostArray = Float32Array | Uint32Array | Uint8Array;

/**
 * Orders of a tensor's values in memory. "nhwc4": pixels of blocks of four channels, as vec4f; "nhwc4-f16" and
 * "nhwc4-u32": the same of other elements; "tex4": the blocks as texels of a texture; "nchw": PyTorch's order;
 * "texels": that in a texture; "rgba8": a pixel in four bytes; "u8" and "u32": a label a pixel.
 */
export type BaseLayoutName = "nhwc4" | "nhwc4-f16" | "nhwc4-u32" | "tex4" | "nchw" | "texels" | "rgba8" | "u8" | "u32";
/** A layout, or one with a border of zeros, such as "nhwc4-f16+1"; see border.ts. */
export type LayoutName = BaseLayoutName | `${BorderableName}+${number}`;

/** How a layout packs values of [N, C, H, W] into bytes, and back. */
export interface Layout {
  /** Element type of its tensors. */
  readonly dtype: DType;
  /** Set when the tensor lives in an rgba32float texture of this size instead of a buffer. */
  extent?(shape: Nchw): TextureExtent;
  /** Bytes of the tensor, always a multiple of 4. */
  byteSize(shape: Nchw): number;
  /** From [N, C, H, W] order to this layout. */
  pack(values: ArrayLike<number>, shape: Nchw): ArrayBuffer;
  /** From this layout to [N, C, H, W] order. May be a view of `bytes`. */
  unpack(bytes: ArrayBuffer, shape: Nchw): HostArray;
}

/** Number of elements of a shape [N, C, H, W]. */
export const sizeOf = (shape: Nchw): number => shape[0] * shape[1] * shape[2] * shape[3];

/** Calls `visit(nchw index, nhwc4 index)` for every element: the one place that knows the channel-blocked order. */
function eachBlocked(shape: Nchw, visit: (nchw: number, nhwc: number) => void): void {
  const [n, c, h, w] = shape;
  const pitch = blocksOf(c) * 4;
  let from = 0;
  for (let b = 0; b < n; b++) {
    for (let ch = 0; ch < c; ch++) {
      let to = b * h * w * pitch + ch;
      for (let pixel = 0; pixel < h * w; pixel++) {
        visit(from++, to);
        to += pitch;
      }
    }
  }
}

const blockedElements = ([n, c, h, w]: Nchw): number => n * h * w * blocksOf(c) * 4;

/** array<vec4f>, element ((n*H + y)*W + x)*ceil(C/4) + c/4, lane c%4. Lanes past C are zero. */
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

/** As nhwc4, with four f16 in a vec2u (pack2x16float): half the memory, and readable without shader-f16. */
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

/** rgba32float texture of planes; see texture.ts. A plane holds channels 4k to 4k+3 of a batch item. */
const tex4: Layout = {
  dtype: "f32",
  extent: planes,
  byteSize(shape) {
    const { width, height } = planes(shape);
    return width * height * TEXEL_BYTES;
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

/** Values that fill the bytes are not copied once more. */
const first = (data: HostArray, count: number): HostArray => (data.length === count ? data : data.slice(0, count));

/** Values one after the other, as PyTorch has them, and zeros to the end of the memory. */
const inOrder = (byteSize: (shape: Nchw) => number, extent?: Layout["extent"]): Layout => ({
  dtype: "f32",
  ...(extent && { extent }),
  byteSize,
  pack(values, shape) {
    const out = new Float32Array(byteSize(shape) / 4);
    out.set(values);
    return out.buffer;
  },
  unpack: (bytes, shape) => first(new Float32Array(bytes), sizeOf(shape)),
});

/** Weights while they are trained, and their gradients. A multiple of four values, so that shaders may read vec4f. */
const nchw = inOrder((shape) => alignUp(sizeOf(shape), 4) * 4);

/** The values of nchw, four in a texel, in the rows of a weight texture. */
const texels = inOrder((shape) => {
  const { width, height } = weightTexture(shape);
  return width * height * TEXEL_BYTES;
}, weightTexture);

/** Calls `visit(nchw index, nhwc index)` for every element of [N, channels, H, W]. */
function eachInterleaved(shape: Nchw, channels: number, visit: (nchw: number, nhwc: number) => void): void {
  const plane = shape[2] * shape[3];
  for (let n = 0; n < shape[0]; n++) {
    for (let c = 0; c < channels; c++) {
      for (let p = 0; p < plane; p++) visit((n * channels + c) * plane + p, (n * plane + p) * channels + c);
    }
  }
}

/** A layout in [N, H, W, C] order with no padding between elements. */
function dense(name: LayoutName, dtype: "u8" | "u32", channels: number): Layout {
  const elementBytes = dtype === "u32" ? 4 : 1;
  const typed = (buffer: ArrayBuffer): HostArray =>
    dtype === "u32" ? new Uint32Array(buffer) : new Uint8Array(buffer);
  return {
    dtype,
    byteSize(shape) {
      const [n, c, h, w] = shape;
      if (c !== channels) {
        throw badShape(`layout ${name} holds ${channels} channel(s), got ${formatShape(shape)}`);
      }
      return alignUp(n * h * w * channels * elementBytes, 4);
    },
    pack(values, shape) {
      const buffer = new ArrayBuffer(this.byteSize(shape));
      const out = typed(buffer);
      eachInterleaved(shape, channels, (from, to) => (out[to] = values[from] as number));
      return buffer;
    },
    unpack(bytes, shape) {
      const data = typed(bytes);
      const count = sizeOf(shape);
      // Both orders are the same.
      if (channels === 1) return first(data, count);
      const out = typed(new ArrayBuffer(sizeOf(shape) * elementBytes));
      eachInterleaved(shape, channels, (to, from) => (out[to] = data[from] as number));
      return out;
    },
  };
}

/** Layouts without a border, by name. */
export const layouts: Readonly<Record<BaseLayoutName, Layout>> = {
  nhwc4,
  "nhwc4-f16": nhwc4F16,
  "nhwc4-u32": nhwc4U32,
  tex4,
  nchw,
  texels,
  rgba8: dense("rgba8", "u8", 4), // one u32 a pixel, R in the low byte
  u8: dense("u8", "u8", 1), // four labels in a u32, pixel i in byte i%4 of word i/4
  u32: dense("u32", "u32", 1), // one u32 a pixel
};

/** The layout of this name, with its border if it has one. */
export function layoutNamed(name: LayoutName): Layout {
  const layout = layouts[baseOf(name)];
  const border = borderOf(name);
  return border === 0 ? layout : borderedLayout(layout, border);
}

/** Every layout converts from and to this one. */
const HUB: BaseLayoutName = "nhwc4";

/** The layouts to convert to, one after the other, to get from one layout to another. Empty when they are the same. */
export function conversionPath(from: LayoutName, to: LayoutName): LayoutName[] {
  if (from === to) return [];
  const [first, last] = [baseOf(from), baseOf(to)];
  if (first === last) return [to]; // a border only
  const between = first === HUB || last === HUB ? [last] : [HUB, last];
  const path: LayoutName[] = from === first ? between : [first, ...between];
  return to === last ? path : [...path, to];
}
