/** What the plots of kernels share: their series, and the legend. */
import { num } from "../src/eval/markup.js";
import type { KernelRow } from "./kernel-row.js";
import { gigaPerSecond } from "./units.js";

export const CHART_WIDTH = 760;

/** Classes of the plots' colours. */
const SERIES = { convolution: "s2", other: "s0", f16: "all" } as const;
const SERIES_NAMES = { convolution: "convolutions, f32", other: "others, f32", f16: "stored as f16" } as const;

export function seriesClass({ kernel, precision }: KernelRow): string {
  if (precision === "f16") return SERIES.f16;
  return kernel.startsWith("conv") && kernel !== "convert" ? SERIES.convolution : SERIES.other;
}

/** GFLOP/s. */
export const speedOf = ({ flops, ms }: KernelRow): number => gigaPerSecond(flops, ms);

export const isTimed = ({ failed, flops }: KernelRow): boolean => failed === undefined && flops > 0;

/** Marks of a legend: the points of a plot, or its bars. */
const MARKS = {
  point: (x: number, y: number): string => `<circle class="ring" cx="${num(x + 6)}" cy="${num(y - 4)}" r="5"/>`,
  bar: (x: number, y: number): string =>
    `<rect class="fill" x="${num(x)}" y="${num(y - 9)}" width="14" height="10" rx="2"/>`,
} as const;

/** A mark and a name for each series, from `left` on. */
export function legend(mark: keyof typeof MARKS, left: number, y: number): string {
  const width = 150;
  const entries = Object.entries(SERIES_NAMES).map(([series, name], i) => {
    const x = left + i * width;
    const text = `<text class="v" x="${num(x + 20)}" y="${num(y)}">${name}</text>`;
    return `<g class="${SERIES[series as keyof typeof SERIES]}">${MARKS[mark](x, y)}${text}</g>`;
  });
  return entries.join("");
}
