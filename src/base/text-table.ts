/** Tables of plain text for a terminal: columns padded to their longest cell, two spaces apart. */

export type TextAlign = "left" | "right";

export interface TextTableOptions {
  /** How each column is aligned. The last entry holds for all further columns. */
  readonly align: readonly TextAlign[];
  /** Written before every row. Default "". */
  readonly indent?: string;
}

/** One line for each row, without spaces at its end. Rows may have fewer cells than the longest. */
export function textTable(rows: readonly (readonly string[])[], { align, indent = "" }: TextTableOptions): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  const padded = (cell: string, column: number): string => {
    const width = widths[column] ?? 0;
    const alignment = align[column] ?? align.at(-1);
    return alignment === "right" ? cell.padStart(width) : cell.padEnd(width);
  };
  return rows.map((row) => `${indent}${row.map(padded).join("  ").trimEnd()}`).join("\n");
}
