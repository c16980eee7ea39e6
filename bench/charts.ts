/** Results as SVG: time by kernel variant in bars, and speed over operations per byte under the adapter's own roof. */
import { axes } from "../src/eval/axes.js";
import { escapeText, num } from "../src/eval/markup.js";
import type { Plot } from "../src/eval/svg.js";
import type { Ceilings } from "./ceilings.js";
import type { KernelRow } from "./kernels.js";
import { short } from "./tables.js";

const WIDTH = 760;

const SERIES = { convolution: "s2", other: "s0", f16: "all" } as const;
const seriesOf = (r: KernelRow): string =>
  r.precision === "f16"
    ? SERIES.f16
    : r.kernel.startsWith("conv") && r.kernel !== "convert"
      ? SERIES.convolution
      : SERIES.other;
const speedOf = (r: KernelRow): number => r.flops / r.ms / 1e6;

/** A dot and its word for each series, from `left` on. */
function key(left: number, y: number): string {
  const words = { convolution: "convolutions, f32", other: "others, f32", f16: "stored as f16" };
  return Object.entries(words)
    .map(
      ([name, word], i) =>
        `<g class="${SERIES[name as keyof typeof SERIES]}"><circle class="ring" cx="${num(left + i * 150 + 6)}" cy="${num(y - 4)}" r="5"/><text class="v" x="${num(left + i * 150 + 18)}" y="${num(y)}">${word}</text></g>`,
    )
    .join("");
}

/** GFLOP/s of what a plan takes for each case, in either precision, fastest case first; the other variants as lines. */
export function barChart(rows: readonly KernelRow[], title: string): Plot {
  const timed = rows.filter((r) => r.failed === undefined && r.flops > 0);
  const bars = timed
    .filter((r) => r.chosen)
    .map((row) => {
      const others = timed.filter(
        (r) => !r.chosen && r.kernel === row.kernel && r.case === row.case && r.precision === row.precision,
      );
      return { name: `${row.kernel}: ${row.case}`, row, others };
    });
  const fastest = new Map<string, number>();
  for (const { name, row } of bars) fastest.set(name, Math.max(fastest.get(name) ?? 0, speedOf(row)));
  bars.sort(
    (a, b) =>
      (fastest.get(b.name) ?? 0) - (fastest.get(a.name) ?? 0) || a.row.precision.localeCompare(b.row.precision) * -1,
  );
  const left = 24 + 6.6 * Math.max(0, ...bars.map(({ name }) => name.length));
  const top = 56;
  const most = Math.max(1e-9, ...timed.map(speedOf));
  const x = (value: number): number => left + (value / most) * (WIDTH - left - 130);
  const drawn = bars.map(({ name, row, others }, i) => {
    const y = top + i * 20;
    const marks = others.map(
      (r) =>
        `<path class="axis" d="M${num(x(speedOf(r)))} ${num(y)}v14"><title>${escapeText(r.variant)}: ${short(speedOf(r))} GFLOP/s, ${short(r.ms)} ms</title></path>`,
    );
    const label =
      name === bars[i - 1]?.name
        ? ""
        : `<text x="${num(left - 8)}" y="${num(y + 11)}" text-anchor="end">${escapeText(name)}</text>`;
    const end = Math.max(speedOf(row), ...others.map(speedOf));
    const value = `<text class="v" x="${num(x(end) + 6)}" y="${num(y + 11)}">${short(speedOf(row))}  ${escapeText(row.variant)}</text>`;
    return `<g class="${seriesOf(row)}">${label}<rect class="fill" x="${num(left)}" y="${num(y)}" width="${num(Math.max(1, x(speedOf(row)) - left))}" height="14" rx="2"/>${marks.join("")}${value}</g>`;
  });
  const note = `<text x="12" y="16">GFLOP/s of the variant a plan takes; lines are the other variants of the same precision</text>${key(12, 38)}`;
  return { name: "kernels", title, width: WIDTH, height: top + bars.length * 20 + 12, body: note + drawn.join("") };
}

/** Powers of ten that enclose the values. */
function decades(values: readonly number[]): number[] {
  const logs = values.map((v) => Math.log10(v));
  const low = Math.floor(Math.min(...logs));
  const high = Math.max(low + 1, Math.ceil(Math.max(...logs)));
  return Array.from({ length: high - low + 1 }, (_, i) => low + i);
}

const power = (log: number): string => (log > -5 && log < 6 ? String(Number(`1e${log}`)) : `1e${log}`);

/** Both axes are logarithmic. */
export function roofline(rows: readonly KernelRow[], { gflops, gbs, matrixGflops }: Ceilings, title: string): Plot {
  const timed = rows.filter((r) => r.failed === undefined && r.flops > 0 && r.chosen);
  const points = timed.map((r) => ({ row: r, intensity: r.flops / r.bytes, speed: speedOf(r) }));
  const knee = gflops / gbs;
  const xs = decades([knee, knee * 4, (matrixGflops ?? gflops) / gbs, ...points.map((p) => p.intensity)]);
  const ys = decades([gflops, matrixGflops ?? gflops, ...points.map((p) => p.speed)]);
  const frame = { left: 60, top: 30, width: WIDTH - 60 - 30, height: 360 };
  const { x, y, body } = axes(
    frame,
    { ticks: xs, name: "operations per byte moved at least", format: power },
    { ticks: ys, name: "GFLOP/s", format: power },
  );
  const at = (intensity: number, speed: number): string =>
    `${num(x(Math.log10(intensity)))} ${num(y(Math.log10(speed)))}`;
  const low = Math.max(10 ** (xs[0] ?? 0), 10 ** (ys[0] ?? 0) / gbs);
  const line = (most: number): string =>
    `<path class="axis" stroke-width="2" d="M${at(low, low * gbs)}L${at(most / gbs, most)}L${at(Math.max(most / gbs, 10 ** (xs.at(-1) ?? 1)), most)}"/>`;
  const roof = [gflops, ...(matrixGflops === undefined ? [] : [matrixGflops])].map(line).join("");
  const tensor =
    matrixGflops === undefined
      ? ""
      : `<text class="v" x="${num(frame.left + frame.width)}" y="${num(y(Math.log10(matrixGflops)) - 8)}" text-anchor="end">${short(matrixGflops)} GFLOP/s of subgroup matrices in f16</text>`;
  const labels = `<text class="v" x="${num(frame.left + frame.width)}" y="${num(y(Math.log10(gflops)) - 8)}" text-anchor="end">${short(gflops)} GFLOP/s, ${short(gbs)} GB/s: measured on this adapter</text>`;
  const marks = points.map(({ row, intensity, speed }) => {
    const [cx, cy] = at(intensity, speed).split(" ");
    const tip = `${row.kernel}: ${row.case} (${row.variant}), ${short(speed)} GFLOP/s, ${Math.round(100 * row.share)} % of the roof`;
    return `<g class="${seriesOf(row)}"><circle class="ring" cx="${cx}" cy="${cy}" r="5"><title>${escapeText(tip)}</title></circle></g>`;
  });
  const bottom = frame.top + frame.height + 62;
  return {
    name: "roofline",
    title,
    width: WIDTH,
    height: bottom + 14,
    body: body + roof + labels + tensor + marks.join("") + key(frame.left, bottom),
  };
}
