/** Results as text for a terminal, and the README's table. */
import { textTable } from "../src/base/text-table.js";
import type { LayerTime } from "../src/models/layer-time.js";
import type { Ceilings } from "./ceilings.js";
import { caseName } from "./kernel-row.js";
import type { KernelRow } from "./kernel-row.js";
import type { ModelRow } from "./model-row.js";
import { modelKey } from "./result.js";
import type { BenchResult, Change } from "./result.js";
import { roofMs, totalRoofMs } from "./roof.js";
import type { VariantTotal } from "./roof.js";
import { gigaPerSecond, threeDigits, wholeMegabytes, wholePercent } from "./units.js";

/** The first column to the left, numbers to the right. */
const numberTable = (rows: readonly (readonly string[])[]): string =>
  textTable(rows, { align: ["left", "right"], indent: "  " });

const KERNEL_HEAD = ["variant", "ms", "quartiles", "GFLOP/s", "of compute", "GB/s", "of memory", "bound by"];

const kernelName = ({ chosen, variant }: KernelRow): string => `${chosen ? "*" : " "} ${variant}`;

function kernelCells(row: KernelRow): string[] {
  const { ms, p25, p75, flops, bytes, ofCompute, ofMemory, bound, clock } = row;
  return [
    kernelName(row),
    threeDigits(ms),
    `${threeDigits(p25)}-${threeDigits(p75)}`,
    threeDigits(gigaPerSecond(flops, ms)),
    wholePercent(ofCompute),
    threeDigits(gigaPerSecond(bytes, ms)),
    wholePercent(ofMemory),
    clock === "host" ? `${bound} (host's clock)` : bound,
  ];
}

/** A table for each case, with the variants that have no time below it. */
export function kernelText(rows: readonly KernelRow[]): string {
  const cases = new Map<string, KernelRow[]>();
  for (const row of rows) {
    const title = caseName(row);
    cases.set(title, [...(cases.get(title) ?? []), row]);
  }
  const blocks = [...cases].map(([title, own]) => {
    const timed = own.filter(({ failed }) => failed === undefined);
    const failures = own.flatMap((row) =>
      row.failed === undefined ? [] : [`  ${kernelName(row)}  not timed: ${row.failed}`],
    );
    return [title, numberTable([KERNEL_HEAD, ...timed.map(kernelCells)]), ...failures].join("\n");
  });
  return blocks.join("\n\n");
}

const MODEL_HEAD = [
  "network",
  "cold ms",
  "new size ms",
  "warm ms",
  "least-most",
  "pictures/s",
  "GFLOP/s",
  "GPU memory",
  "peak RSS",
];

const spreadOf = ({ min, max }: ModelRow): string => `${threeDigits(min)}-${threeDigits(max)}`;
const gpuMemory = ({ weightBytes, planBytes }: ModelRow): string => wholeMegabytes(weightBytes + planBytes);

const modelCells = (row: ModelRow): string[] => [
  modelKey(row),
  threeDigits(row.load + row.cold),
  threeDigits(row.next ?? NaN),
  threeDigits(row.warm),
  spreadOf(row),
  threeDigits(row.throughput),
  threeDigits(((row.gflop * row.batch) / row.warm) * 1000),
  gpuMemory(row),
  wholeMegabytes(row.peakRss),
];

/** Its share of what the ceilings allow, and the milliseconds to gain. Nothing without ceilings. */
const gainCells = (ms: number, least: number | undefined): string[] =>
  least === undefined ? [] : [wholePercent(ms > 0 ? least / ms : NaN), threeDigits(Math.max(0, ms - least))];
const gainHead = (ceilings: Ceilings | undefined): string[] => (ceilings ? ["of peak", "to gain ms"] : []);

const layerCells = (layer: LayerTime, ceilings: Ceilings | undefined): string[] => [
  layer.layer,
  threeDigits(layer.ms),
  threeDigits(gigaPerSecond(layer.flops, layer.ms)),
  ...gainCells(layer.ms, ceilings && roofMs(layer, ceilings)),
  `${layer.kernel}/${layer.variant}`,
];

const totalCells = (total: VariantTotal, ceilings: Ceilings | undefined): string[] => [
  `${total.kernel}/${total.variant}`,
  String(total.calls),
  threeDigits(total.ms),
  threeDigits(gigaPerSecond(total.flops, total.ms)),
  ...gainCells(total.ms, ceilings && totalRoofMs(total, ceilings)),
];

/** The parts of a warm call, the time by variant, and the slowest layers. */
function modelDetails(row: ModelRow, ceilings: Ceilings | undefined): string {
  const parts = [
    `upload ${threeDigits(row.upload)}`,
    `encode ${threeDigits(row.encode)}`,
    `GPU ${threeDigits(row.gpu)}`,
    `readback ${threeDigits(row.readback)}`,
    `other JavaScript ${threeDigits(row.script)} ms`,
  ];
  const heading = `${modelKey(row)}\n  ${parts.join(", ")}`;
  if (row.layers.length === 0) return `${heading}\n  (no layer times: this device has no timestamps)`;
  const totalHead = ["by variant", "calls", "ms", "GFLOP/s", ...gainHead(ceilings)];
  const totals = (row.totals ?? []).map((total) => totalCells(total, ceilings));
  const layerHead = ["slowest layers", "ms", "GFLOP/s", ...gainHead(ceilings), "variant"];
  const layers = row.layers.map((layer) => layerCells(layer, ceilings));
  const tables = totals.length > 0 ? [numberTable([totalHead, ...totals]), ""] : [];
  return [heading, ...tables, numberTable([layerHead, ...layers])].join("\n");
}

/** One table of all networks, then the details of each, then those that were not measured. */
export function modelText({ models = [], ceilings }: BenchResult): string {
  const timed = models.filter(({ failed }) => failed === undefined);
  const failures = models.flatMap((row) =>
    row.failed === undefined ? [] : [`${modelKey(row)}: not measured: ${row.failed}`],
  );
  return [
    numberTable([MODEL_HEAD, ...timed.map(modelCells)]),
    ...timed.map((row) => modelDetails(row, ceilings)),
    ...failures,
  ].join("\n\n");
}

function verdictOf({ clear, ratio }: Change): string {
  if (!clear) return "";
  return ratio < 1 ? "faster" : "slower";
}

export function changeText(list: readonly Change[]): string {
  if (list.length === 0) return "No row is in both results.";
  const head = ["row", "before ms", "now ms", "ratio", ""];
  const lines = list.map((change) => [
    change.what,
    threeDigits(change.before),
    threeDigits(change.after),
    change.ratio.toFixed(2),
    verdictOf(change),
  ]);
  return `${numberTable([head, ...lines])}\n\nNothing in the last column: the spreads of the two runs overlap.`;
}

const markdownRow = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

const MARKDOWN_HEAD = [
  "network, weights, picture",
  "load and first run",
  "warm",
  "pictures a second",
  "GPU memory",
  "peak RSS",
];

const markdownCells = (row: ModelRow): string[] => [
  modelKey(row),
  `${threeDigits(row.load + row.cold)} ms`,
  `${threeDigits(row.warm)} ms (${spreadOf(row)})`,
  threeDigits(row.throughput),
  gpuMemory(row),
  wholeMegabytes(row.peakRss),
];

/** The README's table of a result: whole networks. */
export function markdownTable({ adapter, cpu, date, versions, models = [] }: BenchResult): string {
  const { description, software } = adapter;
  const hasDriver = description && description !== adapter.name;
  const name = hasDriver ? `${adapter.name} (${description})` : adapter.name;
  const where = software ? `${name}, a software adapter, on ${cpu}` : name;
  const timed = models.filter(({ failed }) => failed === undefined);
  const table = [
    markdownRow(MARKDOWN_HEAD),
    `|${"---|".repeat(MARKDOWN_HEAD.length)}`,
    ...timed.map((row) => markdownRow(markdownCells(row))),
  ];
  return `${where}; ${date}, webgpu ${versions.webgpu}, Node ${versions.node}:\n\n${table.join("\n")}`;
}
