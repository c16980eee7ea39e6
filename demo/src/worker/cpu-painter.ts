/** Draws label maps over pictures on the CPU: on the canvases if the adapter is software, and for saved files. */
import { vocPalette } from "fcn-webgpu";
import type { Picture } from "fcn-webgpu";
import type { Look } from "../messages.js";
import type { CanvasSlot, Layer, Painter } from "./painter.js";

// paint.wgsl has the same numbers.
/** Contrast of the pixels that are not of the highlighted class. */
const FADED = 0.28;
/** Where classes meet: a line of a darker colour, less transparent than the rest. */
const EDGE_BRIGHTNESS = 0.55;
const EDGE_OPACITY = 1.6;

const BACKGROUND = 0;
const palette = vocPalette();

/** RGBA of a picture with a label map over it, one label a pixel. */
export function blend(
  { data, width }: Picture,
  labels: Uint8Array | undefined,
  { opacity, split, highlight }: Look,
): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(data);
  if (!labels) return out;
  const firstColumn = Math.round(split * width);
  for (let i = 0; i < labels.length; i++) {
    if (i % width < firstColumn) continue;
    const label = labels[i] as number;
    const at = i * 4;
    if (highlight !== undefined && label !== highlight) {
      fade(out, at);
      continue;
    }
    if (label === BACKGROUND || opacity === 0) continue;
    const edge = isEdge(labels, i, width);
    const brightness = edge ? EDGE_BRIGHTNESS : 1;
    const weight = edge ? Math.min(1, opacity * EDGE_OPACITY) : opacity;
    for (let c = 0; c < 3; c++) {
      const colour = (palette[label * 3 + c] as number) * brightness;
      out[at + c] = (out[at + c] as number) * (1 - weight) + colour * weight;
    }
  }
  return out;
}

/** Turns a pixel grey, with little contrast. */
function fade(rgba: Uint8ClampedArray, at: number): void {
  const grey = 0.2126 * (rgba[at] as number) + 0.7152 * (rgba[at + 1] as number) + 0.0722 * (rgba[at + 2] as number);
  for (let c = 0; c < 3; c++) rgba[at + c] = 128 + (grey - 128) * FADED;
}

/** Whether one of the four neighbours in the picture has another label. */
function isEdge(labels: Uint8Array, i: number, width: number): boolean {
  const label = labels[i];
  const x = i % width;
  return (
    (x + 1 < width && labels[i + 1] !== label) ||
    (x > 0 && labels[i - 1] !== label) ||
    (i + width < labels.length && labels[i + width] !== label) ||
    (i >= width && labels[i - width] !== label)
  );
}

export class CpuPainter implements Painter {
  #picture: Picture | undefined;
  #layers: ReadonlyMap<string, Layer> = new Map();

  show(picture: Picture, layers: ReadonlyMap<string, Layer>): void {
    this.#picture = picture;
    this.#layers = layers;
  }

  /** Draws at the picture's size; the page scales the canvas. */
  paint(slots: readonly CanvasSlot[], look: Look): void {
    const picture = this.#picture;
    if (!picture) return;
    const { width, height } = picture;
    for (const { canvas, variant } of slots) {
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
      const labels = variant === undefined ? undefined : this.#layers.get(variant)?.labels;
      const pixels = blend(picture, labels, look);
      canvas.getContext("2d", { alpha: false })?.putImageData(new ImageData(pixels, width, height), 0, 0);
    }
  }

  dispose(): void {
    this.#picture = undefined;
  }
}
