/** Draws label maps over pictures on the CPU: where no GPU can draw on a canvas, and for files. */
import { vocPalette } from "fcn-webgpu";
import type { Picture } from "fcn-webgpu";
import type { Look } from "../messages.js";
import type { Layer, Painter, Slot } from "./painter.js";

const palette = vocPalette();

/** What is not the class that was picked out fades to this share of its contrast. */
const FADED = 0.28;

/** RGBA of a picture of `width` pixels a row under a label map: paint.wgsl does the same. */
export function blend(
  { data, width }: Picture,
  labels: Uint8Array | undefined,
  { opacity, split, highlight }: Look,
): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(data);
  if (!labels) return out;
  const from = Math.round(split * width);
  for (let i = 0; i < labels.length; i++) {
    const x = i % width;
    if (x < from) continue;
    const label = labels[i] as number;
    const at = i * 4;
    if (highlight !== undefined && label !== highlight) {
      const grey = 0.2126 * (out[at] as number) + 0.7152 * (out[at + 1] as number) + 0.0722 * (out[at + 2] as number);
      for (let c = 0; c < 3; c++) out[at + c] = 128 + (grey - 128) * FADED;
      continue;
    }
    if (label === 0 || opacity === 0) continue;
    const edge =
      (x + 1 < width && labels[i + 1] !== label) ||
      (x > 0 && labels[i - 1] !== label) ||
      (i + width < labels.length && labels[i + width] !== label) ||
      (i >= width && labels[i - width] !== label);
    const colour = edge ? 0.55 : 1; // a darker line where classes meet
    const share = edge ? Math.min(1, opacity * 1.6) : opacity;
    for (let c = 0; c < 3; c++)
      out[at + c] = (out[at + c] as number) * (1 - share) + (palette[label * 3 + c] as number) * colour * share;
  }
  return out;
}

export class CpuPainter implements Painter {
  #picture: Picture | undefined;
  #layers: ReadonlyMap<string, Layer> = new Map();

  show(picture: Picture, layers: ReadonlyMap<string, Layer>): void {
    this.#picture = picture;
    this.#layers = layers;
  }

  paint(slots: readonly Slot[], look: Look): void {
    const picture = this.#picture;
    if (!picture) return;
    for (const { canvas, variant } of slots) {
      if (canvas.width !== picture.width || canvas.height !== picture.height)
        Object.assign(canvas, { width: picture.width, height: picture.height });
      const pixels = blend(picture, variant === undefined ? undefined : this.#layers.get(variant)?.labels, look);
      canvas
        .getContext("2d", { alpha: false })
        ?.putImageData(new ImageData(pixels, picture.width, picture.height), 0, 0);
    }
  }

  dispose(): void {
    this.#picture = undefined;
  }
}
