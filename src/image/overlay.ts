/** Label maps as people look at them: in the palette's colours, over the picture, with a legend. */
import { FcnError } from "../base/errors.js";
import { Canvas, fitText, lineHeight, textWidth } from "./canvas.js";
import type { Colour, FontName } from "./canvas.js";
import { VOC_CLASSES, VOID_LABEL, vocPalette } from "./palette.js";
import { toRgba } from "./picture.js";
import type { Picture, RgbaPicture } from "./picture.js";

export interface OverlayOptions {
  /** Share of the class's colour, 0 to 1. Default 0.6. */
  readonly opacity?: number;
  /** 256 colours, R G B each. Default PASCAL VOC's. */
  readonly palette?: Uint8Array;
  /** A darker line where classes meet. Default true. */
  readonly outline?: boolean;
  /** "grey" takes the colour out of the picture, so that no colour but the classes' is left. Default "picture". */
  readonly base?: "picture" | "grey";
}

function checkLabels(labels: ArrayLike<number>, width: number, height: number): void {
  if (labels.length !== width * height)
    throw new FcnError(
      "bad-image",
      `overlay: ${width} x ${height} needs ${width * height} labels, got ${labels.length}`,
    );
}

/** Each label in its colour. */
export function colourMap(
  labels: ArrayLike<number>,
  width: number,
  height: number,
  palette = vocPalette(),
): RgbaPicture {
  checkLabels(labels, width, height);
  const data = new Uint8Array(width * height * 4);
  for (let i = 0; i < labels.length; i++) {
    data.set(palette.subarray((labels[i] as number) * 3, (labels[i] as number) * 3 + 3), i * 4);
    data[i * 4 + 3] = 255;
  }
  return { width, height, data, channels: 4 };
}

/** Shades of grey, all of them paler than the grey that is a class's colour (car, 128): a ground for colours. */
function greyed(data: ArrayLike<number>): Uint8Array {
  const out = new Uint8Array(data.length);
  for (let i = 0; i < out.length; i += 4) {
    const luma = 0.2126 * (data[i] as number) + 0.7152 * (data[i + 1] as number) + 0.0722 * (data[i + 2] as number);
    out.fill(Math.round(145 + luma * 0.42), i, i + 3);
    out[i + 3] = data[i + 3] as number;
  }
  return out;
}

/** The classes over the picture. Background (class 0) stays as it is; void is shown. */
export function overlay(picture: Picture, labels: ArrayLike<number>, options: OverlayOptions = {}): RgbaPicture {
  const { opacity = 0.6, palette = vocPalette(), outline = true, base = "picture" } = options;
  if (!(opacity >= 0 && opacity <= 1))
    throw new FcnError("bad-option", `overlay: opacity ${opacity} is not between 0 and 1`);
  const { width, height, data } = toRgba(picture);
  checkLabels(labels, width, height);
  const out = base === "grey" ? greyed(data) : new Uint8Array(data);
  const edge = (i: number): boolean => {
    const x = i % width;
    const differs = (j: number): boolean => labels[j] !== labels[i];
    return (
      (x > 0 && differs(i - 1)) ||
      (x < width - 1 && differs(i + 1)) ||
      (i >= width && differs(i - width)) ||
      (i + width < labels.length && differs(i + width))
    );
  };
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number;
    if (label === 0) continue;
    const line = outline && opacity > 0 && edge(i);
    for (let c = 0; c < 3; c++) {
      const colour = palette[label * 3 + c] as number;
      const mixed = (out[i * 4 + c] as number) * (1 - opacity) + colour * opacity;
      out[i * 4 + c] = Math.round(line ? colour * 0.55 : mixed);
    }
  }
  return { width, height, data: out, channels: 4 };
}

export interface LegendEntry {
  readonly name: string;
  readonly colour: Colour;
  /** 0 to 1. */
  readonly share: number;
}

/** Classes of a label map, the largest first, the background last. */
export function legendOf(
  labels: ArrayLike<number>,
  names: readonly string[] = VOC_CLASSES,
  palette = vocPalette(),
): LegendEntry[] {
  const counts = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) counts.set(labels[i] as number, (counts.get(labels[i] as number) ?? 0) + 1);
  const order = [...counts].sort(([a, m], [b, n]) => Number(a === 0) - Number(b === 0) || n - m);
  return order.map(([label, count]) => ({
    name: names[label] ?? (label === VOID_LABEL ? "void" : `class ${label}`),
    colour: Array.from(palette.subarray(label * 3, label * 3 + 3)) as [number, number, number],
    share: count / labels.length,
  }));
}

const percent = (share: number): string => (share < 0.001 ? "<0.1 %" : `${(share * 100).toFixed(1)} %`);

/** Draws swatches, names and (if asked) shares into rows of at most `width` pixels; gives the height used. Measures without a canvas. */
export function drawLegend(
  canvas: Canvas | undefined,
  entries: readonly LegendEntry[],
  left: number,
  top: number,
  width: number,
  shares = true,
  font: FontName = "body",
): number {
  const line = lineHeight(font);
  const height = Math.round(line * 1.3);
  const swatch = Math.round(line * 0.66);
  const space = swatch >> 1;
  let x = left;
  let y = top;
  for (const { name, colour, share } of entries) {
    const tail = shares ? `  ${percent(share)}` : "";
    const label = fitText(name, width - swatch - space - textWidth(tail, font), font) + tail;
    const needed = swatch + space + textWidth(label, font);
    if (x > left && x + needed > left + width) {
      x = left;
      y += height;
    }
    if (canvas) {
      const middle = y + Math.round((line - swatch) / 2);
      canvas.fill(x, middle, swatch, swatch, colour);
      canvas.frame(x, middle, swatch, swatch, colour.map((v) => Math.round(v * 0.7)) as [number, number, number]);
      canvas.text(label, x + swatch + space, y, { font });
    }
    x += needed + line;
  }
  return y + height - top;
}

/** From this width on pictures are looked at made smaller, and the legend's letters with them. */
const LARGE = 1400;

/** The overlay with a legend below it: what `fcn segment --format overlay` writes. */
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
  const font = over.width >= LARGE ? "title" : "body";
  const margin = Math.round(lineHeight(font) * 0.7);
  const width = Math.max(over.width, 220);
  const height = drawLegend(undefined, entries, margin, 0, width - 2 * margin, true, font);
  const canvas = new Canvas(width, over.height + height + 2 * margin - Math.round(lineHeight(font) * 0.3));
  canvas.draw(over, (width - over.width) >> 1, 0);
  drawLegend(canvas, entries, margin, over.height + margin, width - 2 * margin, true, font);
  return canvas;
}
