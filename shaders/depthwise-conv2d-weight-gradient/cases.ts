/** The edge shapes of depthwise-conv2d, and layers of MobileNetV2 for the benchmarks. */
import { erase, makeProblem } from "../../src/kernel/kernel.js";
import type { KernelCase } from "../../src/kernel/registry.js";
import type { Shape } from "../../src/kernel/shape.js";
import { depthwiseConv2dCases } from "../depthwise-conv2d/cases.js";
import { depthwiseConv2d } from "../depthwise-conv2d/kernel.js";

/** Layers that differ in what a thread has to do. */
const MEASURED = ["3x3 s1 144 @96x128", "3x3 s2 144 @96x128", "3x3 s1 960 @12x16", "5x5 240 @48x64"];

/** The backward problem of a case of the convolution. */
function backward({ name, shapes, attrs, bench = false }: KernelCase, splits: number): KernelCase {
  const { y } = makeProblem(erase(depthwiseConv2d), shapes, attrs).out;
  const { stride = 1, padding = 0, dilation = 1 } = attrs ?? {};
  const [, , kernelH, kernelW] = shapes["weight"] as [number, number, number, number];
  return {
    name: `${name}, ${splits} parts`,
    shapes: { x: shapes["x"] as Shape, dy: y as Shape },
    attrs: { kernel: [kernelH, kernelW], stride, padding, dilation, splits },
    bench,
  };
}

export const depthwiseConv2dWeightGradientCases: readonly KernelCase[] = depthwiseConv2dCases
  .filter(({ name, bench }) => !bench || MEASURED.includes(name))
  .map((test, i) => backward(test, test.bench ? 12 : 1 + (i % 3)));
