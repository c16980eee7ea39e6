/** Results as text for a terminal, and the README's table. */
import type { KernelRow } from "./kernels.js";
import { modelKey } from "./result.js";
import type { BenchResult, Change } from "./result.js";

/** Three significant digits: more is noise. */
export const short = (value: number): string =>
  Number.isNaN(value) ? "-" : value >= 1000 ? String(Math.round(value)) : value.toPrecision(3);
const percent = (share: number): string => (Number.isNaN(share) ? "-" : `${Math.round(100 * share)} %`);
const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

/** The first column to the left, numbers to the right. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `  ${row
          .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
          .join("  ")
          .trimEnd()}`,
    )
    .join("\n");
}

export function kernelText(rows: readonly KernelRow[]): string {
  const groups = new Map<string, KernelRow[]>();
  for (const row of rows)
    groups.set(`${row.kernel}: ${row.case}`, [...(groups.get(`${row.kernel}: ${row.case}`) ?? []), row]);
  return [...groups]
    .map(([title, own]) => {
      const head = ["variant", "ms", "quartiles", "GFLOP/s", "of compute", "GB/s", "of memory", "bound by"];
      const lines = own.map((r) => {
        const name = `${r.chosen ? "*" : " "} ${r.variant}`;
        if (r.failed !== undefined) return [name, `not timed: ${r.failed}`];
        return [
          name,
          short(r.ms),
          `${short(r.p25)}-${short(r.p75)}`,
          short(r.flops / r.ms / 1e6),
          percent(r.ofCompute),
          short(r.bytes / r.ms / 1e6),
          percent(r.ofMemory),
          `${r.bound}${r.clock === "host" ? " (host's clock)" : ""}`,
        ];
      });
      const timed = columns([head, ...lines.filter((l) => l.length > 2)]);
      return [title, timed, ...lines.filter((l) => l.length === 2).map((l) => `  ${l.join("  ")}`)].join("\n");
    })
    .join("\n\n");
}

export function modelText({ models = [] }: BenchResult): string {
  const head = ["network", "cold ms", "warm ms", "least-most", "pictures/s", "GFLOP/s", "GPU memory", "peak RSS"];
  const timed = models.filter(({ failed }) => failed === undefined);
  const lines = timed.map((m) => [
    modelKey(m),
    short(m.load + m.cold),
    short(m.warm),
    `${short(m.min)}-${short(m.max)}`,
    short(m.throughput),
    short(((m.gflop * m.batch) / m.warm) * 1000),
    mb(m.weightBytes + m.planBytes),
    mb(m.peakRss),
  ]);
  const failures = models.flatMap((m) => (m.failed === undefined ? [] : [`${modelKey(m)}: not measured: ${m.failed}`]));
  const layers = timed.map((m) => {
    const total = `  upload ${short(m.upload)}, encode ${short(m.encode)}, GPU ${short(m.gpu)}, readback ${short(m.readback)}, other JavaScript ${short(m.script)} ms`;
    if (m.layers.length === 0) return `${modelKey(m)}\n${total}\n  (no layer times: this device has no timestamps)`;
    return `${modelKey(m)}\n${total}\n${columns([["slowest layers", "ms", "GFLOP/s", "variant"], ...m.layers.map((l) => [l.layer, short(l.ms), short(l.flops / l.ms / 1e6), `${l.kernel}/${l.variant}`])])}`;
  });
  return [columns([head, ...lines]), ...layers, ...failures].join("\n\n");
}

export function changeText(list: readonly Change[]): string {
  if (list.length === 0) return "No row is in both results.";
  const head = ["row", "before ms", "now ms", "ratio", ""];
  const lines = list.map((c) => [
    c.what,
    short(c.before),
    short(c.after),
    c.ratio.toFixed(2),
    c.clear ? (c.ratio < 1 ? "faster" : "slower") : "",
  ]);
  return `${columns([head, ...lines])}\n\nNothing in the last column: the spreads of the two runs overlap.`;
}

/** The README's table of a result: whole networks. */
export function markdownTable({ adapter, cpu, date, versions, models = [] }: BenchResult): string {
  const rows = models
    .filter(({ failed }) => failed === undefined)
    .map(
      (m) =>
        `| ${modelKey(m)} | ${short(m.load + m.cold)} ms | ${short(m.warm)} ms (${short(m.min)}-${short(m.max)}) | ${short(m.throughput)} | ${mb(m.weightBytes + m.planBytes)} | ${mb(m.peakRss)} |`,
    );
  const name =
    adapter.description && adapter.description !== adapter.name
      ? `${adapter.name} (${adapter.description})`
      : adapter.name;
  const where = adapter.software ? `${name}, a software adapter, on ${cpu}` : name;
  const head =
    "| network, weights, picture | load and first run | warm | pictures a second | GPU memory | peak RSS |\n|---|---|---|---|---|---|";
  return `${where}; ${date}, webgpu ${versions.webgpu}, Node ${versions.node}:\n\n${head}\n${rows.join("\n")}`;
}
