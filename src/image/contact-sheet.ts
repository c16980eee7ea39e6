/** Pictures side by side with what each network made of them: one figure to look at. */
import { Canvas } from "./canvas.js";
import { drawLegend, legendHeight, legendOf } from "./legend.js";
import type { LegendEntry } from "./legend.js";
import { colourMap, overlay } from "./overlay.js";
import { vocPalette } from "./palette.js";
import type { Colour } from "./palette.js";
import type { Picture, RgbaPicture } from "./picture.js";
import { scaled, scaledLabels } from "./scale.js";
import { checkSheet } from "./sheet-checks.js";
import { fitText, lineHeight, textWidth } from "./text.js";

/** What one network made of a row's picture. */
export interface SheetColumn {
  /** The network's name. */
  readonly title: string;
  /** Beside the title, such as "412 ms". */
  readonly caption?: string;
  /** One label (0 to 255) for each pixel of the row's picture, row by row. */
  readonly labels: Uint8Array;
  /** What labels mean in this map, where that is not their class. */
  readonly names?: ReadonlyMap<number, string>;
}

/** A picture with what networks made of it. */
export interface SheetRow {
  /** The picture's name. */
  readonly title: string;
  /** Grey, RGB or RGBA, of any size. */
  readonly picture: Picture;
  /** The true label map, of the picture's size, if known. */
  readonly truth?: Uint8Array;
  /** One for each network. Rows may have different numbers of them. */
  readonly columns: readonly SheetColumn[];
}

/** What stands above a contact sheet, and how wide it is. */
export interface SheetOptions {
  /** A line in large letters. */
  readonly title?: string;
  /** A line below the title; it is cut off where it does not fit. */
  readonly subtitle?: string;
  /** Names by label, for the legends. Default: PASCAL VOC's 21. */
  readonly classNames?: readonly string[];
  /** Width of a column in pixels, from 16 to 4096. Default 300. */
  readonly columnWidth?: number;
}

const QUIET: Colour = [98, 105, 115];
const RULE: Colour = [222, 225, 230];
/** Background of the maps. VOC's black would cover half the page and drown the dark classes (cat, potted plant). */
const GROUND: Colour = [236, 239, 243];

/** Distances in pixels. */
const MARGIN = 36;
const GUTTER = 16;
const HEAD_LINE_GAP = 4;
const HEAD_GAP = 20;
const ROW_TITLE_GAP = 14;
const RULE_GAP = 8;
const CAPTION_GAP = 6;
const PICTURE_GAP = 8;
const LEGEND_GAP = 14;
const ROW_GAP = 44;
const LAST_ROW_GAP = 16;

/** A picture's height is at most this share of the column's width, so that square ones do not take over the sheet. */
const TALLEST = 0.8;
/** Opacity of the classes over the grey picture. */
const OPACITY = 0.7;

/** One column of a row: two pictures, one above the other. */
interface Cell {
  readonly title: string;
  readonly caption: string;
  readonly pictures: readonly Picture[];
}

interface PreparedRow {
  readonly title: string;
  readonly cells: readonly Cell[];
  readonly legend: readonly LegendEntry[];
  /** Size of each picture on the sheet. */
  readonly width: number;
  readonly height: number;
}

/** Where things go: the widths of a column and of all columns together. */
interface SheetWidths {
  readonly column: number;
  readonly content: number;
}

/**
 * Draws a contact sheet: an opaque RGBA picture on white. Each row has the picture with the truth, if known, below it;
 * then a column for each network with the overlay and the bare label map; and a legend. The letters come with the
 * library. `fcn demo` and `fcn compare` write such sheets.
 *
 * @param rows at least one
 * @throws FcnError bad-image when labels do not fit their picture; bad-option without rows, and for wrong options
 * @example
 * import { contactSheet } from "fcn-webgpu/image";
 *
 * const picture = { width: 2, height: 1, data: Uint8Array.of(90, 200) };
 * const columns = [{ title: "FCN-8s", caption: "12 ms", labels: Uint8Array.of(0, 15) }];
 * const sheet = contactSheet([{ title: "photo.png", picture, columns }], { columnWidth: 200 });
 * console.log(sheet.width); // prints 488
 */
export function contactSheet(rows: readonly SheetRow[], options: SheetOptions = {}): RgbaPicture {
  checkSheet(rows, options);
  const { classNames, columnWidth = 300 } = options;
  const columns = Math.max(...rows.map((row) => 1 + row.columns.length));
  const widths = { column: columnWidth, content: columns * columnWidth + (columns - 1) * GUTTER };
  const prepared = rows.map((row) => prepareRow(row, columnWidth, classNames));
  const heights = prepared.map((row) => rowHeight(row, widths));
  const rowsHeight = heights.reduce((sum, height) => sum + height, 0) - ROW_GAP + LAST_ROW_GAP;
  const canvas = new Canvas(widths.content + 2 * MARGIN, 2 * MARGIN + headHeight(options) + rowsHeight);
  drawHead(canvas, options, widths.content);
  let top = MARGIN + headHeight(options);
  prepared.forEach((row, i) => {
    drawRow(canvas, row, top, widths);
    top += heights[i] as number;
  });
  return canvas;
}

const titleHeight = (): number => lineHeight("title") + HEAD_LINE_GAP;

function headHeight({ title, subtitle }: SheetOptions): number {
  let height = 0;
  if (title) height += titleHeight();
  if (subtitle) height += lineHeight() + HEAD_LINE_GAP;
  return height > 0 ? height + HEAD_GAP : height;
}

function drawHead(canvas: Canvas, { title, subtitle }: SheetOptions, width: number): void {
  if (title) canvas.text(title, MARGIN, MARGIN, { font: "title" });
  if (subtitle) {
    const top = title ? MARGIN + titleHeight() : MARGIN;
    canvas.text(fitText(subtitle, width), MARGIN, top, { colour: QUIET });
  }
}

/** Draws the maps at their final size and collects the classes in them. */
function prepareRow(row: SheetRow, columnWidth: number, classNames: readonly string[] | undefined): PreparedRow {
  const { title, picture, truth } = row;
  const scale = Math.min(columnWidth / picture.width, (columnWidth * TALLEST) / picture.height);
  const width = Math.max(1, Math.round(picture.width * scale));
  const height = Math.max(1, Math.round(picture.height * scale));
  const palette = vocPalette();
  palette.set(GROUND);
  const small = scaled(picture, width, height);
  // A map is coloured at its own size and then averaged, which smooths it.
  const bareMap = (labels: Uint8Array): Picture =>
    scaled(colourMap(labels, picture.width, picture.height, palette), width, height);
  // An overlay is made at its final size, so that its outlines stay one pixel wide.
  const overSmall = (labels: Uint8Array): Picture =>
    overlay(small, scaledLabels(labels, picture, width, height), { base: "grey", opacity: OPACITY });
  const first: Cell = {
    title: truth ? "picture and truth" : "picture",
    caption: `${picture.width} \u00d7 ${picture.height}`,
    pictures: truth ? [small, bareMap(truth)] : [small],
  };
  const others = row.columns.map(({ title: name, caption = "", labels }): Cell => {
    return { title: name, caption, pictures: [overSmall(labels), bareMap(labels)] };
  });
  const maps: Pick<SheetColumn, "labels" | "names">[] = [...(truth ? [{ labels: truth }] : []), ...row.columns];
  const legend = mergeLegends(maps.map(({ labels, names }) => legendOf(labels, classNames, palette, names)));
  return { title, cells: [first, ...others], legend, width, height };
}

const rowTitleHeight = (): number => lineHeight("strong") + ROW_TITLE_GAP;
const captionHeight = (): number => lineHeight() + CAPTION_GAP;
/** Title, captions, two pictures and the gap below them. */
const rowBodyHeight = ({ height }: PreparedRow): number =>
  rowTitleHeight() + captionHeight() + 2 * height + PICTURE_GAP + LEGEND_GAP;

const legendLayout = (top: number, { content }: SheetWidths) =>
  ({ left: MARGIN, top, width: content, shares: false }) as const;

const rowHeight = (row: PreparedRow, widths: SheetWidths): number =>
  rowBodyHeight(row) + legendHeight(row.legend, legendLayout(0, widths)) + ROW_GAP;

function drawRow(canvas: Canvas, row: PreparedRow, top: number, widths: SheetWidths): void {
  canvas.text(fitText(row.title, widths.content, "strong"), MARGIN, top, { font: "strong" });
  const captionTop = top + rowTitleHeight();
  canvas.fill({ left: MARGIN, top: captionTop - RULE_GAP, width: widths.content, height: 1 }, RULE);
  row.cells.forEach(({ title, caption, pictures }, i) => {
    const left = MARGIN + i * (widths.column + GUTTER);
    canvas.text(title, left, captionTop);
    canvas.text(caption, left + row.width - textWidth(caption), captionTop, { colour: QUIET });
    pictures.forEach((picture, j) => {
      const pictureTop = captionTop + captionHeight() + j * (row.height + PICTURE_GAP);
      canvas.draw(picture, left, pictureTop);
      canvas.frame({ left, top: pictureTop, width: row.width, height: row.height }, RULE);
    });
  });
  drawLegend(canvas, row.legend, legendLayout(top + rowBodyHeight(row), widths));
}

/** Classes of several maps, each once, the largest first, the background last. */
function mergeLegends(legends: readonly LegendEntry[][]): LegendEntry[] {
  const byName = new Map<string, LegendEntry>();
  for (const entry of legends.flat()) {
    const known = byName.get(entry.name);
    if (!known || known.share < entry.share) byName.set(entry.name, entry);
  }
  const isBackground = (entry: LegendEntry): number => Number(entry.colour.every((v, c) => v === GROUND[c]));
  return [...byName.values()].sort((a, b) => isBackground(a) - isBackground(b) || b.share - a.share);
}
