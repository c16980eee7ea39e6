import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import type { KernelCase } from "../../src/kernel/registry.js";

interface Pooling {
  readonly kernel: Pair;
  readonly stride?: Pair;
  readonly padding?: Pair;
  readonly output?: readonly [number, number];
}

/** Indices as a pooling gives them: anywhere in the part of the window that lies inside the plane. */
function unpool(
  name: string,
  shape: readonly [number, number, number, number],
  { kernel, stride = 0, padding = 0, output }: Pooling,
): KernelCase {
  const axis = (i: 0 | 1): { size: number; pick(window: number, random: () => number): number } => {
    const k = pair(kernel)[i];
    const s = pair(stride)[i] || k;
    const p = pair(padding)[i];
    const size = output?.[i] ?? ((shape[2 + i] as number) - 1) * s - 2 * p + k;
    return {
      size,
      pick(window, random) {
        const start = window * s - p;
        const first = Math.max(0, start);
        const end = Math.min(size, start + k);
        return first + Math.floor(random() * (end - first));
      },
    };
  };
  const rows = axis(0);
  const columns = axis(1);
  const width = shape[3];
  const indices = (at: number, random: () => number): number =>
    rows.pick(Math.floor(at / width) % shape[2], random) * columns.size + columns.pick(at % width, random);
  const attrs = { kernel, stride, padding, ...(output ? { output_h: output[0], output_w: output[1] } : {}) };
  return { name, shapes: { x: shape, indices: shape }, attrs, fill: { indices } };
}

export const maxUnpool2dCases: readonly KernelCase[] = [
  unpool("one pixel, 1x1 window", [1, 1, 1, 1], { kernel: 1 }),
  unpool("one pixel, 2x2 window", [1, 5, 1, 1], { kernel: 2 }),
  ...[1, 3, 4, 5, 15, 16, 17].map((c) => unpool(`2x2, ${c} channels, 7x11`, [1, c, 7, 11], { kernel: 2 })),
  unpool("batch 3, 13x5", [3, 6, 13, 5], { kernel: 2 }),
  unpool("overlapping 3x3 s2 p1: the last window wins", [2, 5, 7, 11], { kernel: 3, stride: 2, padding: 1 }),
  unpool("much overlap: 5x5 s1 p2", [1, 3, 5, 7], { kernel: 5, stride: 1, padding: 2 }),
  unpool("pairs: 2x3 kernel, stride 1x2, padding 0x1", [1, 4, 5, 6], {
    kernel: [2, 3],
    stride: [1, 2],
    padding: [0, 1],
  }),
  unpool("stride larger than the window leaves gaps", [1, 3, 3, 4], { kernel: 2, stride: 3 }),
  unpool("output one larger, one smaller than the default", [2, 3, 4, 3], { kernel: 2, output: [9, 5] }),
  unpool("stem back to 13x12", [1, 4, 7, 6], { kernel: 3, stride: 2, padding: 1, output: [13, 12] }),
  { ...unpool("SegNet: 64 @112 to 224", [1, 64, 112, 112], { kernel: 2 }), bench: true },
];
