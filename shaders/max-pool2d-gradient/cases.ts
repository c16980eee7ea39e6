import type { KernelCase } from "../../src/kernel/registry.js";
import type { Pair } from "../../src/kernel/problem.js";
import { dilatedWindowConstants, poolStride, pooledSize } from "../../src/kernel/window.js";

interface Pooling {
  readonly kernel?: Pair;
  readonly stride?: Pair;
  readonly padding?: Pair;
  readonly dilation?: Pair;
  readonly ceil_mode?: boolean;
}

/** A pooling of [n, c, h, w] whose maxima lie anywhere in their windows. */
function pooled(
  name: string,
  [n, c, h, w]: readonly [number, number, number, number],
  pooling: Pooling,
  bench = false,
): KernelCase {
  const attrs = { kernel: 2 as Pair, stride: 0, padding: 0, dilation: 1, ceil_mode: false, ...pooling };
  const stride = poolStride(attrs.kernel, attrs.stride);
  const window = dilatedWindowConstants({ ...attrs, stride });
  const size = (axis: 0 | 1): number => pooledSize("max-pool2d", axis, [n, c, h, w], attrs);
  const shape = [n, c, size(0), size(1)];
  /** A position in the window, inside the picture. */
  const inside = (taps: number, step: number, origin: number, limit: number, random: () => number): number => {
    const positions = Array.from({ length: taps }, (_, k) => origin + k * step).filter((at) => at >= 0 && at < limit);
    return positions[Math.floor(random() * positions.length)] as number;
  };
  const index = (i: number, random: () => number): number => {
    const top = (Math.floor(i / size(1)) % size(0)) * window.STRIDE_H - window.PAD_H;
    const left = (i % size(1)) * window.STRIDE_W - window.PAD_W;
    const row = inside(window.KERNEL_H, window.DILATION_H, top, h, random);
    return row * w + inside(window.KERNEL_W, window.DILATION_W, left, w, random);
  };
  return {
    name,
    shapes: { dy: shape, indices: shape },
    attrs: { ...attrs, height: h, width: w },
    fill: { indices: index },
    bench,
  };
}

const stem: Pooling = { kernel: 3, stride: 2, padding: 1 };

export const maxPool2dGradientCases: readonly KernelCase[] = [
  pooled("1x1 window on one pixel", [1, 1, 1, 1], { kernel: 1 }),
  pooled("one pixel, 3x3 p1: eight of nine taps outside", [1, 5, 1, 1], stem),
  ...[1, 3, 4, 5, 15, 16, 17].map((c) => pooled(`3x3 s2 p1, ${c} channels, 7x11`, [1, c, 7, 11], stem)),
  pooled("2x2 as wide as its stride, batch 3, 13x5", [3, 6, 13, 5], {}),
  pooled("3x3 s1 p1: every pixel in nine windows", [2, 3, 5, 7], { kernel: 3, stride: 1, padding: 1 }),
  pooled("pairs: 2x3 kernel, stride 1x2, padding 1x0", [1, 2, 6, 9], {
    kernel: [2, 3],
    stride: [1, 2],
    padding: [1, 0],
  }),
  pooled("pair with a stride of 0: rows step by the kernel", [1, 3, 8, 9], { kernel: [3, 2], stride: [0, 1] }),
  pooled("dilation 2 with padding", [2, 5, 11, 13], { kernel: 3, stride: 1, padding: 1, dilation: 2 }),
  pooled("stride larger than the window", [1, 4, 11, 11], { kernel: 2, stride: 3 }),
  pooled("ceil_mode: last window hangs over", [1, 5, 8, 7], { ...stem, padding: 0, ceil_mode: true }),
  pooled("ceil_mode: window larger than the picture", [1, 3, 2, 3], { kernel: 3, stride: 2, ceil_mode: true }),
  pooled("batch 2, 8x8", [2, 9, 8, 8], stem),
  pooled("ResNet stem 64 @112", [1, 64, 112, 112], stem, true),
  pooled("VGG pool1 64 @224", [1, 64, 224, 224], {}, true),
];
