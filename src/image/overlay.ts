/** Label maps as people look at them: in the palette's colours, over the picture, with a legend. */
import { FcnError } from "../errors.js";
import { Canvas, lineHeight, textWidth } from "./canvas.js";
import type { Colour } from "./canvas.js";
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
}

function checkLabels(labels: ArrayLike<number>, width: number, height: number): void {
  if (labels.length !== width * height) throw new FcnError("bad-image", `overlay: ${width} x ${height} needs ${width * height} labels, got ${labels.length}`);
}

/** Each label in its colour. */
export function colourMap(labels: ArrayLike<number>, width: number, height: number, palette = vocPalette()): RgbaPicture {
  checkLabels(labels, width, height);
  const data = new Uint8Array(width * height * 4);
  for (let i = 0; i < labels.length; i++) {
    data.set(palette.subarray((labels[i] as number) * 3, (labels[i] as number) * 3 + 3), i * 4);
    data[i * 4 + 3] = 255;
  }
  return { width, height, data, channels: 4 };
}

/** The classes over the picture. Background (class 0) stays as it is; void is shown. */
export function overlay(picture: Picture, labels: ArrayLike<number>, options: OverlayOptions = {}): RgbaPicture {
  const { opacity = 0.6, palette = vocPalette(), outline = true } = options;
  if (!(opacity >= 0 && opacity <= 1)) throw new FcnError("bad-option", `overlay: opacity ${opacity} is not between 0 and 1`);
  const { width, height, data } = toRgba(picture);
  checkLabels(labels, width, height);
  const out = new Uint8Array(data);
  const edge = (i: number): boolean => {
    const x = i % width;
    const differs = (j: number): boolean => labels[j] !== labels[i];
    return (x > 0 && differs(i - 1)) || (x < width - 1 && differs(i + 1)) || (i >= width && differs(i - width)) || (i + width < labels.length && differs(i + width));
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
export function legendOf(labels: ArrayLike<number>, names: readonly string[] = VOC_CLASSES, palette = vocPalette()): LegendEntry[] {
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
const SWATCH = 12;
const GAP = 18;

/** Draws swatches, names and (if asked) shares into rows of at most `width` pixels; gives the height used. Measures without a canvas. */
export function drawLegend(canvas: Canvas | undefined, entries: readonly LegendEntry[], left: number, top: number, width: number, shares = true): number {
  const height = lineHeight() + 6;
  let x = left;
  let y = top;
  for (const { name, colour, share } of entries) {
    const label = shares ? `${name}  ${percent(share)}` : name;
    const needed = SWATCH + 6 + textWidth(label);
    if (x > left && x + needed > left + width) {
      x = left;
      y += height;
    }
    if (canvas) {
      const middle = y + Math.round((lineHeight() - SWATCH) / 2);
      canvas.fill(x, middle, SWATCH, SWATCH, colour);
      canvas.frame(x, middle, SWATCH, SWATCH, [90, 96, 105]);
      canvas.text(label, x + SWATCH + 6, y);
    }
    x += needed + GAP;
  }
  return y + height - top;
}

/** The overlay with a legend below it: what `fcn segment --overlay` writes. */
export function legendOverlay(picture: Picture, labels: ArrayLike<number>, names: readonly string[], options: OverlayOptions = {}): RgbaPicture {
  const over = overlay(picture, labels, options);
  const entries = legendOf(labels, names, options.palette);
  const margin = 12;
  const width = Math.max(over.width, 220);
  const height = drawLegend(undefined, entries, margin, 0, width - 2 * margin);
  const canvas = new Canvas(width, over.height + height + 2 * margin - 6);
  canvas.draw(over, 0, 0);
  drawLegend(canvas, entries, margin, over.height + margin, width - 2 * margin);
  return canvas;
}
