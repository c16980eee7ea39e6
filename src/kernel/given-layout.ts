/** Layouts for callers outside, whose arguments are checked first. The library itself uses layout.ts. */
import { checkKind, checkOneOf } from "../base/options.js";
import { isLayoutName } from "./border.js";
import { layoutNamed, layouts, sizeOf } from "./layout.js";
import type { Layout, LayoutName } from "./layout.js";
import type { Nchw } from "./shape.js";

/**
 * The layout of this name, with its border if it has one.
 * @throws bad-option for a name that no layout has
 * @example
 * import { layoutNamed } from "fcn-webgpu/kernels";
 *
 * console.log(layoutNamed("nhwc4").byteSize([1, 21, 4, 4])); // prints 1536
 */
export function givenLayoutNamed(name: LayoutName): Layout {
  checkKind("layoutNamed: name", name, "a string");
  const names = Object.keys(layouts);
  if (!isLayoutName(name, names)) checkOneOf<string>("layoutNamed: name", name, names);
  return layoutNamed(name);
}

/**
 * Number of elements of a shape [N, C, H, W].
 * @throws bad-option for what is no array
 * @example
 * import { sizeOf } from "fcn-webgpu/kernels";
 *
 * console.log(sizeOf([1, 21, 4, 4])); // prints 336
 */
export function givenSizeOf(shape: Nchw): number {
  checkKind("sizeOf: shape", shape, "an array");
  return sizeOf(shape);
}
