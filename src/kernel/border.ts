/**
 * Feature maps with a border of zeros: the layout "nhwc4-f16+1" is [N][H+2][W+2][C], with the tensor in the middle. A
 * convolution whose padding is that wide reads all of its window from memory, without a test. Its taps then lie at
 * constant distances, so that a tensor core can load them as they are.
 *
 * Invariant: the border is zero. Memory is zero when it is made, kernels write inside only, and such memory is used
 * again only for tensors of one geometry.
 */
import type { BaseLayoutName, Layout, LayoutName } from "./layout.js";
import type { Nchw } from "./shape.js";

/** Widths of the borders of a call's tensors, in pixels. A tensor that is not named has none. */
export type Borders = Readonly<Record<string, number>>;

/** Layouts that may have a border. */
const BORDERABLE: readonly string[] = ["nhwc4", "nhwc4-f16"];
/** A layout that may have a border of zeros. */
export type BorderableName = "nhwc4" | "nhwc4-f16";

/** "nhwc4-f16+1" for a border of 1, the layout's own name for none. */
export const withBorder = (layout: BorderableName, border: number): LayoutName =>
  border === 0 ? layout : `${layout}+${border}`;

/** The layout's name without its border. */
export const baseOf = (layout: LayoutName): BaseLayoutName => layout.split("+")[0] as BaseLayoutName;

/** Width of the border; 0 for none. */
export const borderOf = (layout: LayoutName): number => Number(layout.split("+")[1] ?? 0);

/** Whether the text names one of `bases`, or a borderable one with a border. */
export function isLayoutName(text: string, bases: readonly string[]): text is LayoutName {
  const [base = "", border, ...rest] = text.split("+");
  if (!bases.includes(base) || rest.length > 0) return false;
  return border === undefined || (/^[1-9]\d{0,3}$/.test(border) && isBorderable(base as BaseLayoutName));
}

export const isBorderable = (layout: BaseLayoutName): layout is BorderableName => BORDERABLE.includes(layout);

/** The shape with its border. */
export const grown = ([n, c, h, w]: Nchw, border: number): Nchw => [n, c, h + 2 * border, w + 2 * border];

/** Calls `visit(index inside, index in the grown tensor)` for every element, both in [N, C, H, W] order. */
function eachInside([n, c, h, w]: Nchw, border: number, visit: (inside: number, grown: number) => void): void {
  const width = w + 2 * border;
  const height = h + 2 * border;
  let inside = 0;
  for (let plane = 0; plane < n * c; plane++) {
    for (let y = 0; y < h; y++) {
      const row = (plane * height + y + border) * width + border;
      for (let x = 0; x < w; x++) visit(inside++, row + x);
    }
  }
}

/** `layout` with a border of this width around it. */
export function borderedLayout(layout: Layout, border: number): Layout {
  return {
    dtype: layout.dtype,
    byteSize: (shape) => layout.byteSize(grown(shape, border)),
    pack(values, shape) {
      const whole = grown(shape, border);
      const padded = new Float32Array(whole.reduce((product, size) => product * size, 1));
      eachInside(shape, border, (inside, at) => (padded[at] = values[inside] as number));
      return layout.pack(padded, whole);
    },
    unpack(bytes, shape) {
      const padded = layout.unpack(bytes, grown(shape, border));
      const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
      eachInside(shape, border, (inside, at) => (values[inside] = padded[at] as number));
      return values;
    },
  };
}
