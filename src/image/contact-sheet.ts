/** Pictures side by side with what each network made of them: one figure to look at. */
import { FcnError } from "../base/errors.js";
import { Canvas, fitText, lineHeight, scaled, scaledLabels, textWidth } from "./canvas.js";
import type { Colour } from "./canvas.js";
import { colourMap, drawLegend, legendOf, overlay } from "./overlay.js";
import type { LegendEntry } from "./overlay.js";
import { vocPalette } from "./palette.js";
import type { Picture } from "./picture.js";

export interface SheetColumn {
  readonly title: string;
  /** Below the picture, such as "412 ms". */
  readonly caption?: string;
  readonly labels: Uint8Array;
}

export interface SheetRow {
  readonly title: string;
  readonly picture: Picture;
  readonly truth?: Uint8Array;
  readonly columns: readonly SheetColumn[];
}

export interface SheetOptions {
  readonly title?: string;
  readonly subtitle?: string;
  readonly classNames?: readonly string[];
  /** Width of a column in pixels. Default 300. */
  readonly columnWidth?: number;
}

const MARGIN = 36;
const GUTTER = 16;
const INK: Colour = [24, 27, 32];
const QUIET: Colour = [98, 105, 115];
const RULE: Colour = [222, 225, 230];
/** Background in the maps of a sheet: on VOC's black, half the page is ink and the dark classes (cat, potted plant) drown. */
const GROUND: Colour = [236, 239, 243];
/** A picture is at most this much of a column's width high, so that a square one does not take over the sheet. */
const TALLEST = 0.8;

interface Cell {
  readonly title: string;
  readonly caption: string;
  readonly pictures: readonly Picture[];
}

/** Every row: the picture with the truth, if known, below it; then for each column the overlay and the bare label map. */
export function contactSheet(rows: readonly SheetRow[], options: SheetOptions = {}): Canvas {
  const { title, subtitle, classNames, columnWidth = 300 } = options;
  if (!rows.length) throw new FcnError("bad-option", "contactSheet: it needs at least one row, got 0");
  const columns = Math.max(...rows.map((row) => 1 + row.columns.length));
  const inner = columns * columnWidth + (columns - 1) * GUTTER;
  const laid = rows.map((row) => layOut(row, columnWidth, inner, classNames));
  const head =
    (title ? lineHeight("title") + 4 : 0) + (subtitle ? lineHeight() + 4 : 0) + ((title ?? subtitle) ? 20 : 0);
  const canvas = new Canvas(
    inner + 2 * MARGIN,
    2 * MARGIN + head + laid.reduce((sum, row) => sum + row.height, 0) - 28,
  );
  let y = MARGIN;
  if (title) {
    canvas.text(title, MARGIN, y, { font: "title", colour: INK });
    y += lineHeight("title") + 4;
  }
  if (subtitle) {
    canvas.text(fitText(subtitle, inner), MARGIN, y, { colour: QUIET });
    y += lineHeight() + 4;
  }
  if (title ?? subtitle) y += 20;
  for (const row of laid) {
    row.draw(canvas, y);
    y += row.height;
  }
  return canvas;
}

function layOut(
  row: SheetRow,
  width: number,
  inner: number,
  names: readonly string[] | undefined,
): { height: number; draw(canvas: Canvas, top: number): void } {
  const { picture, truth } = row;
  const scale = Math.min(width / picture.width, (width * TALLEST) / picture.height);
  const [across, height] = [picture.width, picture.height].map((size) => Math.max(1, Math.round(size * scale))) as [
    number,
    number,
  ];
  const palette = vocPalette();
  palette.set(GROUND);
  // Overlays are made at their final size, where a line of one pixel stays one; maps are made large and averaged, which smooths them.
  const small = scaled(picture, across, height);
  const map = (labels: Uint8Array): Picture =>
    scaled(colourMap(labels, picture.width, picture.height, palette), across, height);
  const pair = (labels: Uint8Array): Picture[] => {
    const whole = map(labels); // first: it checks their number
    return [overlay(small, scaledLabels(labels, picture, across, height), { base: "grey", opacity: 0.7 }), whole];
  };
  const cells: Cell[] = [
    {
      title: truth ? "picture and truth" : "picture",
      caption: `${picture.width} \u00d7 ${picture.height}`,
      pictures: [small, ...(truth ? [map(truth)] : [])],
    },
    ...row.columns.map((column) => ({
      title: column.title,
      caption: column.caption ?? "",
      pictures: pair(column.labels),
    })),
  ];
  const all = [...(truth ? [truth] : []), ...row.columns.map((c) => c.labels)];
  const entries = union(all.map((labels) => legendOf(labels, names, palette)));
  const legend = drawLegend(undefined, entries, 0, 0, inner, false);
  const headline = lineHeight("strong") + 14;
  const captions = lineHeight() + 6;
  return {
    height: headline + captions + 2 * height + 8 + 14 + legend + 44,
    draw(canvas, top) {
      canvas.text(fitText(row.title, inner, "strong"), MARGIN, top, { font: "strong", colour: INK });
      canvas.fill(MARGIN, top + headline - 8, inner, 1, RULE);
      let y = top + headline;
      cells.forEach((cell, i) => {
        const x = MARGIN + i * (width + GUTTER);
        canvas.text(cell.title, x, y, { colour: INK });
        canvas.text(cell.caption, x + across - textWidth(cell.caption), y, { colour: QUIET });
        cell.pictures.forEach((p, j) => {
          const to = y + captions + j * (height + 8);
          canvas.draw(p, x, to);
          canvas.frame(x, to, across, height, RULE);
        });
      });
      y += captions + 2 * height + 8 + 14;
      drawLegend(canvas, entries, MARGIN, y, inner, false);
    },
  };
}

/** Classes of several maps, each once, the largest first, the background last. */
function union(legends: readonly LegendEntry[][]): LegendEntry[] {
  const byName = new Map<string, LegendEntry>();
  for (const entry of legends.flat())
    if ((byName.get(entry.name)?.share ?? -1) < entry.share) byName.set(entry.name, entry);
  const isBackground = (entry: LegendEntry): number => Number(entry.colour.every((v, c) => v === GROUND[c]));
  return [...byName.values()].sort((a, b) => isBackground(a) - isBackground(b) || b.share - a.share);
}
