/** Strided views: how far they reach, whether they are plain row-major, and copying them into row-major order. */

/** `strides` has one number per dimension. All numbers count elements. */
export interface StridedView {
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Elements from the first to the last that the view touches, both included; 0 when it is empty. */
export function extent({ shape, strides }: StridedView): number {
  let last = 0;
  for (const [i, size] of shape.entries()) {
    if (size === 0) return 0;
    last += (size - 1) * (strides[i] ?? 0);
  }
  return last + 1;
}

/** True when elements lie in row-major order without gaps. The stride of a dimension of size 1 means nothing. */
export function isContiguous({ shape, strides }: StridedView): boolean {
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const size = shape[i] ?? 0;
    if (size !== 1 && strides[i] !== step) return false;
    step *= size;
  }
  return true;
}

/**
 * Copies the view into `out` in row-major order. `from` begins at the view's first element; the length of `out` is the
 * number of elements.
 */
export function gather<T extends Float32Array | Float64Array>(from: T, { shape, strides }: StridedView, out: T): T {
  if (out.length === 0) return out;
  const rank = shape.length;
  const inner = shape[rank - 1] ?? 1;
  const step = strides[rank - 1] ?? 1;
  const index = new Array<number>(Math.max(rank - 1, 0)).fill(0);
  let base = 0;
  for (let row = 0; row < out.length; row += inner) {
    for (let i = 0; i < inner; i++) out[row + i] = from[base + i * step] ?? NaN;
    // Count up the outer dimensions like an odometer.
    for (let d = rank - 2; d >= 0; d--) {
      const count = (index[d] ?? 0) + 1;
      const stride = strides[d] ?? 0;
      if (count < (shape[d] ?? 0)) {
        index[d] = count;
        base += stride;
        break;
      }
      index[d] = 0;
      base -= stride * (count - 1);
    }
  }
  return out;
}
