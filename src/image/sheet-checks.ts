/** Checks what contactSheet() is given. Browser-safe. */
import { badOption } from "../base/errors.js";
import { checkOptions, describeValue, typeName } from "../base/options.js";
import type { SheetColumn, SheetOptions, SheetRow } from "./contact-sheet.js";
import { checkLabelNames, checkNames, checkedLabels } from "./label-checks.js";
import { toRgba } from "./picture.js";

const OPTION_KINDS = { title: "a string", subtitle: "a string", classNames: "an array", columnWidth: "a number" };
const NARROWEST = 16;
const WIDEST = 4096;

/** @throws bad-option; bad-image when labels do not fit their picture */
export function checkSheet(rows: readonly SheetRow[], options: SheetOptions): void {
  checkOptions("contactSheet(rows, { title: ... })", options, OPTION_KINDS);
  const { classNames, columnWidth } = options;
  if (classNames !== undefined) checkNames("contactSheet", classNames);
  if (columnWidth !== undefined && !isWidth(columnWidth)) {
    const range = `from ${NARROWEST} to ${WIDEST} pixels`;
    throw badOption(`contactSheet: columnWidth ${describeValue(columnWidth)} is no whole number ${range}`);
  }
  if (!Array.isArray(rows)) throw badOption(`contactSheet: rows are an array, got ${typeName(rows)}`);
  if (!rows.length) throw badOption("contactSheet: it needs at least one row, got 0");
  Array.from(rows as readonly SheetRow[]).forEach(checkRow);
}

const isWidth = (width: number): boolean => Number.isInteger(width) && width >= NARROWEST && width <= WIDEST;

const isText = (value: unknown): boolean => typeof value === "string";

function checkRow(row: SheetRow, i: number): void {
  const { title, picture, truth, columns } = (row ?? {}) as Partial<SheetRow>;
  if (!isText(title)) throw badOption(`contactSheet: row ${i} needs a title, a text, got ${typeName(title)}`);
  const name = `contactSheet: row ${i}`;
  const { width, height } = toRgba(picture as SheetRow["picture"], `${name}, picture`);
  if (truth !== undefined) checkedLabels(`${name}, truth`, truth, width, height);
  if (!Array.isArray(columns)) throw badOption(`${name}: columns are an array, got ${typeName(columns)}`);
  Array.from(columns as readonly SheetColumn[]).forEach((column, j) => {
    const { title: own, caption = "", labels, names } = (column ?? {}) as Partial<SheetColumn>;
    if (!isText(own) || !isText(caption)) throw badOption(`${name}, column ${j}: it needs texts as title and caption`);
    if (names !== undefined) checkLabelNames(`${name}, column ${j}`, names);
    checkedLabels(`${name}, column ${j}`, labels as SheetColumn["labels"], width, height);
  });
}
