/** Edge shapes for the tests, and layers of MobileNetV2 for the benchmarks. */
import type { Pair } from "../../src/kernel/problem.js";
import type { KernelCase } from "../../src/kernel/registry.js";
import { convOutputSize } from "../../src/kernel/shape.js";
import { windowAlong } from "../../src/kernel/window.js";

/** n, channels, height and width of the convolution's input. */
type Sizes = readonly [number, number, number, number];

interface Windows {
  readonly kernel?: Pair;
  readonly stride?: Pair;
  readonly padding?: Pair;
  readonly dilation?: Pair;
}

/** The backward problem of a convolution of such an input. */
function backward(
  [name, [n, channels, height, width], given]: readonly [string, Sizes, Windows],
  splits: number,
): KernelCase {
  const window = { kernel: 3 as Pair, stride: 1, padding: 0, dilation: 1, ...given };
  const size = (axis: 0 | 1): number => convOutputSize(axis === 0 ? height : width, windowAlong(axis, window));
  return {
    name: `${name}, splits ${splits}`,
    shapes: { x: [n, channels, height, width], dy: [n, channels, size(0), size(1)] },
    attrs: { ...window, splits },
  };
}

/** Sizes and windows at the edges of what variants do. */
const edges: readonly (readonly [string, Sizes, Windows])[] = [
  ["one pixel, one channel", [1, 1, 1, 1], { kernel: 1 }],
  ["one pixel, 3x3 p1: eight of nine taps outside", [1, 5, 1, 1], { padding: 1 }],
  ...[1, 3, 4, 5, 15, 16, 17].map((c) => [`${c} channels, 7x11`, [1, c, 7, 11], { padding: 1 }] as const),
  ...[1, 2, 3, 4, 5, 8, 9].map((w) => [`${10 - w}x${w} pixels`, [1, 6, 10 - w, w], { padding: 1 }] as const),
  ...[0, 1, 2, 3, 5].map((padding) => [`3x3 p${padding}`, [1, 3, 8, 9], { padding }] as const),
  ...[0, 1, 2, 3, 5].map(
    (padding) => [`5x5 s2 p${padding}`, [1, 3, 13, 10], { kernel: 5, stride: 2, padding }] as const,
  ),
  ["3x3 s2", [1, 5, 12, 17], { stride: 2, padding: 1 }],
  ["3x3 s2, a last row and column without a window", [1, 5, 12, 16], { stride: 2 }],
  ["5x5", [1, 5, 12, 17], { kernel: 5, padding: 2 }],
  ["3x3 d2", [1, 6, 13, 19], { padding: 2, dilation: 2 }],
  ["3x3 d12, wider than the picture", [1, 6, 9, 7], { padding: 12, dilation: 12 }],
  ["3x3 s2 d3", [1, 6, 15, 21], { stride: 2, padding: 3, dilation: 3 }],
  ["3x3 s4 d2", [1, 6, 17, 20], { stride: 4, padding: 2, dilation: 2 }],
  ["3x3 s3", [1, 6, 17, 20], { stride: 3, padding: 1 }],
  ["1x1 s2", [1, 7, 5, 6], { kernel: 1, stride: 2 }],
  ["2x2 s3: pixels between the windows", [1, 4, 8, 8], { kernel: 2, stride: 3 }],
  ["7x7", [1, 7, 9, 10], { kernel: 7, padding: 3 }],
  ["9x9", [1, 3, 9, 10], { kernel: 9, padding: 4 }],
  ["pairs", [1, 3, 9, 14], { stride: [2, 1], padding: [0, 2], dilation: [1, 2] }],
  ["5x5 pairs", [1, 3, 16, 14], { kernel: 5, stride: [1, 2], padding: [3, 0], dilation: [2, 1] }],
  ["1x3", [1, 3, 5, 9], { kernel: [1, 3], padding: [0, 1] }],
  ["batch 3, 3x3 s2", [3, 9, 8, 9], { stride: 2, padding: 1 }],
  ["batch 2, 83x5", [2, 4, 83, 5], { padding: 1 }],
];

/** Layers of MobileNetV2 that differ in what a thread has to do, and one of 5x5. */
const layers: readonly (readonly [string, Sizes, Windows])[] = [
  ["3x3 s1 144 @96x128", [1, 144, 96, 128], { padding: 1 }],
  ["3x3 s2 144 @96x128", [1, 144, 96, 128], { stride: 2, padding: 1 }],
  ["3x3 s1 960 @12x16", [1, 960, 12, 16], { padding: 1 }],
  ["5x5 240 @48x64", [1, 240, 48, 64], { kernel: 5, padding: 2 }],
];

export const depthwiseConv2dWeightGradientCases: readonly KernelCase[] = [
  ...edges.map((edge, i) => backward(edge, 1 + (i % 3))),
  backward(["more parts than rows", [1, 5, 4, 6], { padding: 1 }], 7),
  ...layers.map((layer) => ({ ...backward(layer, 12), bench: true })),
];
