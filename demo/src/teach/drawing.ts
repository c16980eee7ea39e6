/** Draws strokes, and the labels that were found, on canvases over the picture. */
import { teachColour, cssColour } from "./colours.js";
import type { TaughtLabels } from "./messages.js";
import type { Stroke } from "./strokes.js";

const FILL_ALPHA = 140;
const EDGE_ALPHA = 255;
/** Width of the light line around a stroke, in CSS pixels. */
const HALO = 1.5;

/** At the canvas's own size. */
export function drawStrokes(canvas: HTMLCanvasElement, strokes: readonly Stroke[]): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const { width, height } = canvas;
  context.clearRect(0, 0, width, height);
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const { label, radius, points } of strokes) {
    const line = new Path2D();
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = [(points[i] ?? 0) * width, (points[i + 1] ?? 0) * height];
      if (i === 0) line.moveTo(x, y);
      line.lineTo(x, y); // a line to where it starts is a dot
    }
    const thickness = 2 * radius * Math.max(width, height);
    for (const [extra, colour] of [
      [2 * HALO * devicePixelRatio, "rgb(255 255 255 / 0.9)"],
      [0, cssColour(label)],
    ] as const) {
      context.lineWidth = thickness + extra;
      context.strokeStyle = colour;
      context.stroke(line);
    }
  }
}

/** At the size of the labels. The background stays clear; where classes meet there is a line. */
export function drawLabels(canvas: HTMLCanvasElement, { width, height, labels }: TaughtLabels): void {
  Object.assign(canvas, { width, height });
  const pixels = new ImageData(width, height);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number;
    if (label === 0) continue;
    const x = i % width;
    const isEdge =
      (x > 0 && labels[i - 1] !== label) ||
      (x + 1 < width && labels[i + 1] !== label) ||
      (i >= width && labels[i - width] !== label) ||
      (i + width < labels.length && labels[i + width] !== label);
    pixels.data.set([...teachColour(label), isEdge ? EDGE_ALPHA : FILL_ALPHA], i * 4);
  }
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
}

/** Share of the pixels that have this label. */
export function shareOf({ labels }: TaughtLabels, label: number): number {
  let count = 0;
  for (const one of labels) count += Number(one === label);
  return count / labels.length;
}
