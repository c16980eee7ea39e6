/** Draws label maps over pictures on the CPU: on the canvases if the adapter is software, and for saved files. */
import type { Picture } from "fcn-webgpu";
import { SCREEN_PALETTE } from "../colours.js";
import type { Look } from "../messages.js";
import { flatContext } from "./canvas-contexts.js";
import type { CanvasSlot, Layer, Painter } from "./painter.js";

// paint.wgsl has the same numbers.
/** Contrast of the pixels that are not to be looked at. */
const FADED = 0.28;
/** The picture in pale grey, from black to white. */
const GREY_OF_BLACK = 145;
const GREY_PER_LUMA = 0.42;
/** Where classes meet: a light line inside the class with the larger number, a dark one around it. */
const LIGHT = 255;
const DARK = 20;
const LINE_OPACITY = 0.85;
/** Pixels that lost their class are striped. Width of a stripe in pixels. */
const STRIPE = 3;

const BACKGROUND = 0;

/** The label maps of a picture, one label a pixel. Each is undefined where the bare picture is shown. */
export interface Blended {
  readonly labels: Uint8Array | undefined;
  /** Left of the divider. */
  readonly left?: Uint8Array | undefined;
  readonly against?: Uint8Array | undefined;
}

type BlendLook = Pick<Look, "opacity" | "grey" | "split" | "highlight">;

/** RGBA of a picture with label maps over it. `palette`: three bytes a label. */
export function blend(
  { data, width }: Picture,
  maps: Blended,
  look: BlendLook,
  palette: Uint8Array = SCREEN_PALETTE,
): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(data);
  const { labels, left, against } = maps;
  if (labels && against) {
    markDifferences(out, { labels, against, width, palette }, look);
    return out;
  }
  const firstColumn = Math.round(look.split * width);
  const pixels = data.length / 4;
  for (let i = 0; i < pixels; i++) {
    const map = i % width < firstColumn ? left : labels;
    if (map) colourPixel(out, { map, i, width, palette }, look);
  }
  return out;
}

interface Pixel {
  readonly map: Uint8Array;
  readonly i: number;
  readonly width: number;
  readonly palette: Uint8Array;
}

function colourPixel(out: Uint8ClampedArray, { map, i, width, palette }: Pixel, look: BlendLook): void {
  const label = map[i] as number;
  const at = i * 4;
  if (look.highlight !== undefined && label !== look.highlight) return fade(out, at);
  if (look.grey) turnGrey(out, at);
  if (look.opacity === 0) return;
  if (label !== BACKGROUND) mix(out, at, palette.subarray(label * 3, label * 3 + 3), look.opacity);
  const other = otherNeighbour(map, i, width);
  if (other === undefined) return;
  const line = label > other ? LIGHT : DARK;
  mix(out, at, [line, line, line], Math.min(1, look.opacity * 1.5) * LINE_OPACITY);
}

function mix(out: Uint8ClampedArray, at: number, colour: ArrayLike<number>, weight: number): void {
  for (let c = 0; c < 3; c++) out[at + c] = (out[at + c] as number) * (1 - weight) + (colour[c] as number) * weight;
}

interface Difference {
  readonly labels: Uint8Array;
  readonly against: Uint8Array;
  readonly width: number;
  readonly palette: Uint8Array;
}

/** Colours the pixels whose class is another one. Those that became background are striped in the colour they lost. */
function markDifferences(out: Uint8ClampedArray, maps: Difference, { highlight }: BlendLook): void {
  const { labels, against, width, palette } = maps;
  for (let i = 0; i < labels.length; i++) {
    const [label, other] = [labels[i] as number, against[i] as number];
    const at = i * 4;
    const isMeant = highlight === undefined || label === highlight || other === highlight;
    if (label === other || !isMeant) {
      turnGrey(out, at);
      continue;
    }
    const stripe = (Math.floor((i % width) / STRIPE) + Math.floor(i / width / STRIPE)) % 2 === 1;
    const shown = label === BACKGROUND ? other : label;
    out.set(palette.subarray(shown * 3, shown * 3 + 3), at);
    if (label === BACKGROUND && stripe) out.set([DARK, DARK, DARK], at);
  }
}

const lumaOf = (rgba: Uint8ClampedArray, at: number): number =>
  0.2126 * (rgba[at] as number) + 0.7152 * (rgba[at + 1] as number) + 0.0722 * (rgba[at + 2] as number);

function turnGrey(rgba: Uint8ClampedArray, at: number): void {
  rgba.fill(GREY_OF_BLACK + GREY_PER_LUMA * lumaOf(rgba, at), at, at + 3);
}

/** Turns a pixel grey, with little contrast. */
function fade(rgba: Uint8ClampedArray, at: number): void {
  rgba.fill(128 + (lumaOf(rgba, at) - 128) * FADED, at, at + 3);
}

/** The label of a neighbour in the picture that has another label: of the four, the first. */
function otherNeighbour(labels: Uint8Array, i: number, width: number): number | undefined {
  const label = labels[i];
  const x = i % width;
  if (x + 1 < width && labels[i + 1] !== label) return labels[i + 1];
  if (x > 0 && labels[i - 1] !== label) return labels[i - 1];
  if (i + width < labels.length && labels[i + width] !== label) return labels[i + width];
  if (i >= width && labels[i - width] !== label) return labels[i - width];
  return undefined;
}

export class CpuPainter implements Painter {
  #picture: Picture | undefined;
  #layers: ReadonlyMap<string, Layer> = new Map();

  show(picture: Picture, layers: ReadonlyMap<string, Layer>): void {
    this.#picture = picture;
    this.#layers = layers;
  }

  /** Draws at the picture's size; the page scales the canvas. Canvases that are hidden are left out. */
  paint(slots: readonly CanvasSlot[], look: Look): void {
    const picture = this.#picture;
    if (!picture) return;
    const { width, height } = picture;
    for (const { canvas, size, layering } of slots) {
      if (size?.width === 0) continue;
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
      const pixels = blend(picture, mapsOf(layering, this.#layers), look);
      flatContext(canvas)?.putImageData(new ImageData(pixels, width, height), 0, 0);
    }
  }

  dispose(): void {
    this.#picture = undefined;
  }
}

/** The label maps that a layering names. */
export function mapsOf(
  { variant, left, against }: CanvasSlot["layering"],
  layers: ReadonlyMap<string, Layer>,
): Blended {
  const mapOf = (name: string | undefined): Uint8Array | undefined =>
    name === undefined ? undefined : layers.get(name)?.labels;
  // Without a divider, nothing is left of it.
  return { labels: mapOf(variant), left: mapOf(left ? left.variant : variant), against: mapOf(against) };
}
