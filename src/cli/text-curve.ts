/** A curve of numbers as lines of text. */

const HEIGHT = 8;
const WIDTH = 60;

/** At most WIDTH values: of a longer series the last of each part. */
function thinned(values: readonly number[]): number[] {
  if (values.length <= WIDTH) return [...values];
  return Array.from({ length: WIDTH }, (_, i) => values[Math.ceil(((i + 1) * values.length) / WIDTH) - 1] as number);
}

/** What a column draws in a row, from the row of its value and of the next one. */
function signAt(row: number, from: number, to: number): string {
  if (from === to) return row === from ? "\u2500" : " ";
  if (row === from) return to > from ? "\u256f" : "\u256e";
  if (row === to) return to > from ? "\u256d" : "\u2570";
  return row > Math.min(from, to) && row < Math.max(from, to) ? "\u2502" : " ";
}

/** Eight rows with the scale at the left. Two values or more. */
export function textCurve(title: string, series: readonly number[], format: (value: number) => string): string {
  const values = thinned(series.filter(Number.isFinite));
  if (values.length < 2) return "";
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const step = (high - low || Math.abs(high) || 1) / (HEIGHT - 1);
  const rows = values.map((value) => Math.round((value - low) / step));
  const labels = Array.from({ length: HEIGHT }, (_, row) => format(low + row * step));
  const width = Math.max(...labels.map((label) => label.length));
  const lines = Array.from({ length: HEIGHT }, (_, i) => {
    const row = HEIGHT - 1 - i;
    const columns = rows.slice(0, -1).map((from, k) => signAt(row, from, rows[k + 1] as number));
    const last = rows.at(-1) === row ? "\u2500" : " ";
    return `  ${(labels[row] ?? "").padStart(width)} \u2524${columns.join("")}${last}`.trimEnd();
  });
  return [`  ${title}`, ...lines].join("\n");
}
