/** Kernel results as SVG: speed over operations per byte, under the adapter's own roof. */
import { axes } from "../src/eval/axes.js";
import { escapeText, num } from "../src/eval/markup.js";
import type { Plot } from "../src/eval/svg.js";
import type { Ceilings } from "./ceilings.js";
import { CHART_WIDTH, isTimed, legend, seriesClass, speedOf } from "./chart-series.js";
import { caseName } from "./kernel-row.js";
import type { KernelRow } from "./kernel-row.js";
import { placedNames } from "./placed-names.js";
import { threeDigits } from "./units.js";

/** Exponents of the powers of ten that enclose the values. */
function decades(values: readonly number[]): number[] {
  const logs = values.map((v) => Math.log10(v));
  const low = Math.floor(Math.min(...logs));
  const high = Math.max(low + 1, Math.ceil(Math.max(...logs)));
  return Array.from({ length: high - low + 1 }, (_, i) => low + i);
}

/** 10 to the `exponent`, as "100" or "1e6". */
const powerOfTen = (exponent: number): string =>
  exponent > -5 && exponent < 6 ? String(Number(`1e${exponent}`)) : `1e${exponent}`;

/** Points of the rising part of the roof that names keep clear of. */
const ROOF_STEPS = 80;

/** A point at "x y", with its kernel, case and speed in a tooltip. */
function markOf(row: KernelRow, place: string): string {
  const [cx, cy] = place.split(" ");
  const share = Math.round(100 * row.share);
  const speed = threeDigits(speedOf(row));
  const tip = `${caseName(row)} (${row.variant}), ${speed} GFLOP/s, ${share} % of the roof`;
  const dot = `<circle class="ring" cx="${cx}" cy="${cy}" r="5"><title>${escapeText(tip)}</title></circle>`;
  return `<g class="${seriesClass(row)}">${dot}</g>`;
}

/** What it means that a point lies above the rising roof, for a plot in which one does. */
function cacheNote(
  points: readonly { readonly intensity: number; readonly speed: number }[],
  { gbs }: Ceilings,
): string {
  return points.some(({ intensity, speed }) => speed > intensity * gbs)
    ? `<text x="72" y="46">above the line: data stayed in a cache</text>`
    : "";
}

/** Every kernel that a plan takes, below what the adapter can do at most. Both axes are logarithmic. */
export function roofline(rows: readonly KernelRow[], ceilings: Ceilings, title: string): Plot {
  const { gflops, gbs, matrixGflops } = ceilings;
  const points = rows
    .filter((row) => isTimed(row) && row.chosen)
    .map((row) => ({ row, intensity: row.flops / row.bytes, speed: speedOf(row) }));
  const knee = gflops / gbs;
  const matrixKnee = (matrixGflops ?? gflops) / gbs;
  const xs = decades([knee, knee * 4, matrixKnee, ...points.map(({ intensity }) => intensity)]);
  const ys = decades([gflops, matrixGflops ?? gflops, ...points.map(({ speed }) => speed)]);
  const frame = { left: 60, top: 30, width: CHART_WIDTH - 60 - 30, height: 360 };
  const { x, y, body } = axes(
    frame,
    { ticks: xs, name: "operations per byte moved at least", format: powerOfTen },
    { ticks: ys, name: "GFLOP/s", format: powerOfTen },
  );
  const at = (intensity: number, speed: number): string =>
    `${num(x(Math.log10(intensity)))} ${num(y(Math.log10(speed)))}`;

  const right = frame.left + frame.width;
  const lowest = Math.max(10 ** (xs[0] ?? 0), 10 ** (ys[0] ?? 0) / gbs);
  const highest = 10 ** (xs.at(-1) ?? 1);
  /** Rises with the bandwidth up to the knee, then stays at `peak`. */
  const roof = (peak: number): string => {
    const path = `M${at(lowest, lowest * gbs)}L${at(peak / gbs, peak)}L${at(Math.max(peak / gbs, highest), peak)}`;
    return `<path class="axis" stroke-width="2" d="${path}"/>`;
  };
  const label = (peak: number, text: string): string => {
    const place = `x="${num(right)}" y="${num(y(Math.log10(peak)) - 8)}"`;
    return `<text class="v" ${place} text-anchor="end">${text}</text>`;
  };
  const roofs = [roof(gflops)];
  const labels = [label(gflops, `${threeDigits(gflops)} GFLOP/s, ${threeDigits(gbs)} GB/s: measured on this adapter`)];
  if (matrixGflops !== undefined) {
    roofs.push(roof(matrixGflops));
    labels.push(label(matrixGflops, `${threeDigits(matrixGflops)} GFLOP/s of subgroup matrices in f16`));
  }
  const marks = points.map(({ row, intensity, speed }) => markOf(row, at(intensity, speed)));
  // Where the roof rises, it takes room from names.
  const slope = Array.from({ length: ROOF_STEPS }, (_, i) => lowest * (knee / lowest) ** (i / (ROOF_STEPS - 1)));
  const names = placedNames(
    points.map(({ row, intensity, speed }) => ({
      text: caseName(row),
      x: x(Math.log10(intensity)),
      y: y(Math.log10(speed)),
    })),
    frame,
    slope.map((intensity) => ({ x: x(Math.log10(intensity)), y: y(Math.log10(intensity * gbs)) })),
  );
  const bottom = frame.top + frame.height + 62;
  const key = legend("point", frame.left, bottom);
  return {
    name: "roofline",
    title,
    width: CHART_WIDTH,
    height: bottom + 14,
    body: [body, ...roofs, ...labels, ...marks, names, cacheNote(points, ceilings), key].join(""),
  };
}
