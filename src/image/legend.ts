/** Legends of label maps: swatches with the names of the classes, and their shares of the picture. */
import { badOption } from "../base/errors.js";
import { checkOptions, describeValue, typeName } from "../base/options.js";
import { Canvas } from "./canvas.js";
import { checkLabelNames, checkNames, checkPalette, labelBytes } from "./label-checks.js";
import { overlay } from "./overlay.js";
import type { OverlayOptions } from "./overlay.js";
import { BACKGROUND_LABEL, VOC_CLASSES, VOID_LABEL, colourOf, vocPalette } from "./palette.js";
import type { Colour } from "./palette.js";
import type { Picture, RgbaPicture } from "./picture.js";
import { fitText, lineHeight, textWidth } from "./text.js";
import type { FontName } from "./text.js";

/** A class in a legend. */
export interface LegendEntry {
  /** The class's name; "void" for label 255, "class 7" for a label without a name. */
  readonly name: string;
  /** The colour of its swatch. */
  readonly colour: Colour;
  /** Share of the picture's pixels, 0 to 1. */
  readonly share: number;
}

/** The name of a label: its class's, "void" for 255, else "class 7". */
export const labelName = (label: number, classNames: readonly string[]): string =>
  classNames[label] ?? (label === VOID_LABEL ? "void" : `class ${label}`);

/**
 * The classes of a label map with their colours and shares, the largest first, the background last: what a legend says.
 *
 * @param labels a label map of any size, one label (0 to 255) a pixel
 * @param classNames names by label, such as `fcn.classNames`. Default: PASCAL VOC's 21.
 * @param palette 256 colours, three bytes (R, G, B) each. Default: PASCAL VOC's.
 * @param others names of labels that mean something else than their class
 * @throws FcnError bad-image for labels that are not bytes; bad-option for other kinds of names or palettes
 * @example
 * import { legendOf } from "fcn-webgpu/image";
 *
 * const [largest] = legendOf(Uint8Array.of(0, 15, 15, 15));
 * console.log(largest?.name, largest?.share, largest?.colour.join()); // prints person 0.75 192,128,128
 */
export function legendOf(
  labels: ArrayLike<number>,
  classNames: readonly string[] = VOC_CLASSES,
  palette: Uint8Array = vocPalette(),
  others: ReadonlyMap<number, string> = new Map(),
): LegendEntry[] {
  const map = labelBytes("legendOf", labels);
  checkNames("legendOf", classNames);
  checkPalette("legendOf", palette);
  checkLabelNames("legendOf", others);
  const counts = new Map<number, number>();
  for (const label of map) counts.set(label, (counts.get(label) ?? 0) + 1);
  const isBackground = (label: number): number => Number(label === BACKGROUND_LABEL);
  const order = [...counts].sort(([a, m], [b, n]) => isBackground(a) - isBackground(b) || n - m);
  return order.map(([label, count]) => ({
    name: others.get(label) ?? labelName(label, classNames),
    colour: colourOf(palette, label),
    share: count / map.length,
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

/** How legendPicture() looks: its width, and what it says of each class. */
export interface LegendOptions {
  /** The picture's width in pixels, at which rows break. At least 100, at most 16384. Default 640. */
  readonly width?: number;
  /** Writes each class's share behind its name. Default true. */
  readonly shares?: boolean;
}

/** Any narrower, and names would be cut off after a few letters. */
const NARROWEST = 100;
const WIDEST = 16384;

/** @throws bad-option */
function checkEntries(entries: readonly LegendEntry[]): void {
  const isColour = (colour: unknown): boolean =>
    Array.isArray(colour) && colour.length === 3 && Array.from(colour).every((value) => typeof value === "number");
  const isEntry = (entry: Partial<LegendEntry> | undefined | null): boolean =>
    typeof entry?.name === "string" && isColour(entry.colour) && Number.isFinite(entry.share);
  if (!Array.isArray(entries))
    throw badOption(`legendPicture: entries are an array (legendOf() makes it), got ${typeName(entries)}`);
  const wrong = entries.findIndex((entry: LegendEntry) => !isEntry(entry));
  if (wrong >= 0) throw badOption(`legendPicture: entry ${wrong} needs a name, a colour [r, g, b] and a share`);
}

/**
 * A legend as a picture of its own: swatches with the names of classes, and their shares, in rows on white. Its height
 * is what the rows need. The letters come with the library, so that no font is needed.
 *
 * @param entries what legendOf() returns
 * @throws FcnError bad-option for other entries or options
 * @example
 * import { legendOf, legendPicture } from "fcn-webgpu/image";
 *
 * const { width, channels } = legendPicture(legendOf(Uint8Array.of(0, 15)), { width: 200 });
 * console.log(width, channels); // prints 200 4
 */
export function legendPicture(entries: readonly LegendEntry[], options: LegendOptions = {}): RgbaPicture {
  checkEntries(entries);
  checkOptions("legendPicture(entries, { width: ... })", options, { width: "a number", shares: "a boolean" });
  const { width = 640, shares = true } = options;
  if (!Number.isInteger(width) || width < NARROWEST || width > WIDEST)
    throw badOption(`legendPicture: width ${describeValue(width)} is no whole number from ${NARROWEST} to ${WIDEST}`);
  const { margin, lastRowGap } = spacingOf("body");
  const layout = { left: margin, top: margin, width: width - 2 * margin, shares };
  const canvas = new Canvas(width, legendHeight(entries, layout) + 2 * margin - lastRowGap);
  drawLegend(canvas, entries, layout);
  return canvas;
}

/** Pixels around a legend, and those that its last row does not use. */
const spacingOf = (font: FontName): { readonly margin: number; readonly lastRowGap: number } => ({
  margin: Math.round(lineHeight(font) * 0.7),
  lastRowGap: Math.round(lineHeight(font) * 0.3),
});

/**
 * The overlay with a legend below it: what `fcn segment --format overlay` writes. The picture is at the top, in the
 * middle; the result is at least 220 pixels wide.
 *
 * @param picture grey, RGB or RGBA, one byte a sample
 * @param labels one label (0 to 255) for each pixel of the picture, row by row
 * @param classNames names by label, such as `fcn.classNames`. Default: PASCAL VOC's 21.
 * @param options those of overlay()
 * @throws FcnError bad-image when labels and picture do not fit each other; bad-option for wrong names or options
 * @example
 * import { legendOverlay } from "fcn-webgpu/image";
 *
 * const grey = { width: 300, height: 1, data: new Uint8Array(300) };
 * const figure = legendOverlay(grey, new Uint8Array(300).fill(15));
 * console.log(figure.width, figure.height > grey.height); // prints 300 true
 */
export function legendOverlay(
  picture: Picture,
  labels: ArrayLike<number>,
  classNames: readonly string[] = VOC_CLASSES,
  options: OverlayOptions = {},
): RgbaPicture {
  const over = overlay(picture, labels, options);
  const shown = Uint8Array.from(options.palette ?? vocPalette());
  shown.fill(255, 0, 3); // background is not painted, so its swatch is empty
  const entries = legendOf(labels, classNames, shown);
  const font = over.width >= LARGE_PICTURE ? "title" : "body";
  const { margin, lastRowGap } = spacingOf(font);
  const width = Math.max(over.width, MIN_LEGEND_WIDTH);
  const layout = { left: margin, top: over.height + margin, width: width - 2 * margin, font } as const;
  const canvas = new Canvas(width, over.height + legendHeight(entries, layout) + 2 * margin - lastRowGap);
  canvas.draw(over, (width - over.width) >> 1, 0);
  drawLegend(canvas, entries, layout);
  return canvas;
}
