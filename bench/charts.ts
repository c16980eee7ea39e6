/** Results as SVG: time by kernel variant in bars, and speed over operations per byte under the adapter's own roof. */
import { axes, escapeText, num } from "../src/eval/svg.js";
import type { Plot } from "../src/eval/svg.js";
import type { Ceilings } from "./ceilings.js";
import type { KernelRow } from "./kernels.js";
import { short } from "./tables.js";

const WIDTH = 760;

/** GFLOP/s of each case's chosen variant, longest bar first; variants that were not chosen as lines behind. */
export function barChart(rows: readonly KernelRow[], title: string): Plot {
  const timed = rows.filter((r) => r.failed === undefined && r.flops > 0);
  const cases = [...new Set(timed.map((r) => `${r.kernel}: ${r.case}`))].flatMap((name) => {
    const own = timed.filter((r) => `${r.kernel}: ${r.case}` === name);
    const best = own.find((r) => r.chosen) ?? own[0];
    return best ? [{ name, best, others: own.filter((r) => r !== best) }] : [];
  });
  const speed = (r: KernelRow): number => r.flops / r.ms / 1e6;
  cases.sort((a, b) => speed(b.best) - speed(a.best));
  const left = 300;
  const top = 30;
  const most = Math.max(1e-9, ...timed.map(speed));
  const x = (value: number): number => left + (value / most) * (WIDTH - left - 110);
  const bars = cases.map(({ name, best, others }, i) => {
    const y = top + i * 22;
    const marks = others.map((r) => `<path class="axis" d="M${num(x(speed(r)))} ${num(y)}v14"><title>${escapeText(r.variant)}: ${short(speed(r))} GFLOP/s, ${short(r.ms)} ms</title></path>`);
    const label = `<text x="${num(left - 8)}" y="${num(y + 11)}" text-anchor="end">${escapeText(name)}</text>`;
    const value = `<text class="v" x="${num(x(speed(best)) + 6)}" y="${num(y + 11)}">${short(speed(best))}  ${escapeText(best.variant)}</text>`;
    return `<g class="s2">${label}<rect class="fill" x="${num(left)}" y="${num(y)}" width="${num(Math.max(1, x(speed(best)) - left))}" height="14" rx="2"/>${marks.join("")}${value}</g>`;
  });
  const note = `<text x="${num(left)}" y="16">GFLOP/s of the variant a plan takes; lines are the other variants</text>`;
  return { name: "kernels", title, width: WIDTH, height: top + cases.length * 22 + 12, body: note + bars.join("") };
}

/** Powers of ten that enclose the values. */
function decades(values: readonly number[]): number[] {
  const logs = values.map((v) => Math.log10(v));
  const low = Math.floor(Math.min(...logs));
  const high = Math.max(low + 1, Math.ceil(Math.max(...logs)));
  return Array.from({ length: high - low + 1 }, (_, i) => low + i);
}

const power = (log: number): string => (log >= 0 && log < 6 ? String(10 ** log) : `1e${log}`);

/** Both axes are logarithmic. */
export function roofline(rows: readonly KernelRow[], { gflops, gbs }: Ceilings, title: string): Plot {
  const timed = rows.filter((r) => r.failed === undefined && r.flops > 0 && r.chosen);
  const points = timed.map((r) => ({ row: r, intensity: r.flops / r.bytes, speed: r.flops / r.ms / 1e6 }));
  const knee = gflops / gbs;
  const xs = decades([knee, knee * 4, ...points.map((p) => p.intensity)]);
  const ys = decades([gflops, ...points.map((p) => p.speed)]);
  const frame = { left: 60, top: 30, width: WIDTH - 60 - 30, height: 360 };
  const { x, y, body } = axes(frame, xs, ys, ["operations per byte moved at least", "GFLOP/s"], [power, power]);
  const at = (intensity: number, speed: number): string => `${num(x(Math.log10(intensity)))} ${num(y(Math.log10(speed)))}`;
  const low = Math.max(10 ** (xs[0] ?? 0), (10 ** (ys[0] ?? 0)) / gbs);
  const roof = `<path class="axis" stroke-width="2" d="M${at(low, low * gbs)}L${at(knee, gflops)}L${at(10 ** (xs.at(-1) ?? 1), gflops)}"/>`;
  const labels = `<text class="v" x="${num(frame.left + frame.width)}" y="${num(y(Math.log10(gflops)) - 8)}" text-anchor="end">${short(gflops)} GFLOP/s, ${short(gbs)} GB/s: measured on this adapter</text>`;
  const marks = points.map(({ row, intensity, speed }) => {
    const [cx, cy] = at(intensity, speed).split(" ");
    const tip = `${row.kernel}: ${row.case} (${row.variant}), ${short(speed)} GFLOP/s, ${Math.round(100 * row.share)} % of the roof`;
    return `<g class="${row.kernel.startsWith("conv") ? "s2" : "s0"}"><circle class="ring" cx="${cx}" cy="${cy}" r="5"><title>${escapeText(tip)}</title></circle></g>`;
  });
  const bottom = frame.top + frame.height + 62;
  const key = `<g class="s2"><circle class="ring" cx="${frame.left + 6}" cy="${bottom - 4}" r="5"/><text class="v" x="${frame.left + 18}" y="${bottom}">convolutions</text></g><g class="s0"><circle class="ring" cx="${frame.left + 126}" cy="${bottom - 4}" r="5"/><text class="v" x="${frame.left + 138}" y="${bottom}">others</text></g>`;
  return { name: "roofline", title, width: WIDTH, height: bottom + 14, body: body + roof + labels + marks.join("") + key };
}
