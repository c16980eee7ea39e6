/** Results as CSV, for spreadsheets and plots: RFC 4180, one file for each kind of row. */
import { modelKey } from "./result.js";
import type { BenchResult } from "./result.js";
import { roofMs } from "./roof.js";

type Cell = string | number | boolean | undefined;

function cellText(cell: Cell): string {
  if (cell === undefined || (typeof cell === "number" && !Number.isFinite(cell))) return "";
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows become lines below a line of their keys, in the order of the first row. */
function csv(rows: readonly Readonly<Record<string, Cell>>[]): string {
  const [first] = rows;
  if (!first) return "";
  const head = Object.keys(first);
  const lines = rows.map((row) => head.map((key) => cellText(row[key])).join(","));
  return `${[head.join(","), ...lines].join("\r\n")}\r\n`;
}

/** Names of the tables, one for each kind of row. */
export const CSV_NAMES = ["kernels.csv", "models.csv", "layers.csv"] as const;

/** Texts by file name; no file for what was not measured. */
export function csvFiles({ kernels = [], models = [], ceilings }: BenchResult): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const kernelRows = kernels.map(({ failed, ...row }) => ({ ...row, failed }));
  const modelRows = models.map(({ layers, totals, failed, ...row }) => {
    return { ...row, next: row.next, layers: layers.length, totals: totals?.length, failed };
  });
  const layerRows = models.flatMap((model) =>
    model.layers.map(({ shape, ...layer }) => ({
      network: modelKey(model),
      ...layer,
      shape: shape.join("x"),
      leastMs: ceilings && roofMs(layer, ceilings),
    })),
  );
  const texts = [csv(kernelRows), csv(modelRows), csv(layerRows)];
  for (const [i, name] of CSV_NAMES.entries()) if (texts[i]) files.set(name, texts[i]);
  return files;
}
