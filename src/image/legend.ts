/** Legends of label maps: swatches with the names of the classes, and their shares of the picture. */
import { Canvas } from "./canvas.js";
import { overlay } from "./overlay.js";
import type { OverlayOptions } from "./overlay.js";
import { BACKGROUND_LABEL, VOC_CLASSES, VOID_LABEL, colourOf, vocPalette } from "./palette.js";
import type { Colour } from "./palette.js";
import type { Picture, RgbaPicture } from "./picture.js";
import { fitText, lineHeight, textWidth } from "./text.js";
import type { FontName } from "./text.js";

export interface LegendEntry {
  readonly name: string;
  readonly colour: Colour;
  /** Share of the picture's pixels, 0 to 1. */
  readonly share: number;
}

/** The name of a label: its class's, "void" for 255, else "class 7". */
export const labelName = (label: number, classNames: readonly string[]): string =>
  classNames[label] ?? (label === VOID_LABEL ? "void" : `class ${label}`);

/**
 * Classes of a label map, the largest first, the background last.
 * @param others names of labels that mean something else than their class
 */
export function legendOf(
  labels: ArrayLike<number>,
  names: readonly string[] = VOC_CLASSES,
  palette = vocPalette(),
  others: ReadonlyMap<number, string> = new Map(),
): LegendEntry[] {
  const counts = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const isBackground = (label: number): number => Number(label === BACKGROUND_LABEL);
  const order = [...counts].sort(([a, m], [b, n]) => isBackground(a) - isBackground(b) || n - m);
  return order.map(([label, count]) => ({
    name: others.get(label) ?? labelName(label, names),
    colour: colourOf(palette, label),
    share: count / labels.length,
  }));
}

export interface LegendLayout {
  readonly left: number;
  readonly top: number;
  /** Rows end within it, in pixels. */
  readonly width: number;
  /** Writes each class's share behind its name. Default true. */
  readonly shares?: boolean;
  /** Default "body". */
  readonly font?: FontName;
}

/** Sizes of a legend's parts in pixels. */
function legendMetrics(font: FontName): { line: number; rowHeight: number; swatch: number; space: number } {
  const line = lineHeight(font);
  const swatch = Math.round(line * 0.66);
  return { line, rowHeight: Math.round(line * 1.3), swatch, space: swatch >> 1 };
}

interface PlacedEntry {
  readonly label: string;
  readonly colour: Colour;
  readonly x: number;
  readonly y: number;
}

const formatShare = (share: number): string => (share < 0.001 ? "<0.1 %" : `${(share * 100).toFixed(1)} %`);

/** Breaks the entries into rows; `height` is what the rows take. */
function placeEntries(
  entries: readonly LegendEntry[],
  { left, top, width, shares = true, font = "body" }: LegendLayout,
): { readonly placed: readonly PlacedEntry[]; readonly height: number } {
  const { line, rowHeight, swatch, space } = legendMetrics(font);
  let x = left;
  let y = top;
  const placed = entries.map(({ name, colour, share }) => {
    const tail = shares ? `  ${formatShare(share)}` : "";
    const label = fitText(name, width - swatch - space - textWidth(tail, font), font) + tail;
    const needed = swatch + space + textWidth(label, font);
    if (x > left && x + needed > left + width) {
      x = left;
      y += rowHeight;
    }
    const entry = { label, colour, x, y };
    x += needed + line;
    return entry;
  });
  return { placed, height: y + rowHeight - top };
}

/** Pixels that a legend takes from top to bottom. */
export const legendHeight = (entries: readonly LegendEntry[], layout: LegendLayout): number =>
  placeEntries(entries, layout).height;

/** A swatch's frame is its colour, this much darker. */
const FRAME_SHADE = 0.7;

/** Draws the legend in rows. Returns its height, the same as legendHeight(). */
export function drawLegend(canvas: Canvas, entries: readonly LegendEntry[], layout: LegendLayout): number {
  const { font = "body" } = layout;
  const { line, swatch, space } = legendMetrics(font);
  const { placed, height } = placeEntries(entries, layout);
  for (const { label, colour, x, y } of placed) {
    const square = { left: x, top: y + Math.round((line - swatch) / 2), width: swatch, height: swatch };
    const [red, green, blue] = colour.map((value) => Math.round(value * FRAME_SHADE)) as [number, number, number];
    canvas.fill(square, colour);
    canvas.frame(square, [red, green, blue]);
    canvas.text(label, x + swatch + space, y, { font });
  }
  return height;
}

/** Pictures this wide or wider are usually viewed reduced, so their legend has larger letters. */
const LARGE_PICTURE = 1400;
/** Narrower pictures get a legend of this width, in pixels. */
const MIN_LEGEND_WIDTH = 220;

/** The overlay with a legend below it: what `fcn segment --format overlay` writes. @throws bad-image, bad-option */
export function legendOverlay(
  picture: Picture,
  labels: ArrayLike<number>,
  names: readonly string[],
  options: OverlayOptions = {},
): RgbaPicture {
  const over = overlay(picture, labels, options);
  const shown = Uint8Array.from(options.palette ?? vocPalette());
  shown.fill(255, 0, 3); // background is not painted, so its swatch is empty
  const entries = legendOf(labels, names, shown);
  const font = over.width >= LARGE_PICTURE ? "title" : "body";
  const margin = Math.round(lineHeight(font) * 0.7);
  const lastRowGap = Math.round(lineHeight(font) * 0.3);
  const width = Math.max(over.width, MIN_LEGEND_WIDTH);
  const layout = { left: margin, top: over.height + margin, width: width - 2 * margin, font } as const;
  const canvas = new Canvas(width, over.height + legendHeight(entries, layout) + 2 * margin - lastRowGap);
  canvas.draw(over, (width - over.width) >> 1, 0);
  drawLegend(canvas, entries, layout);
  return canvas;
}
