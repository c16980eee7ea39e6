/** The loupes: the same part of the picture in every panel, enlarged, under the grid of each network's stride. */
import type { Picture } from "fcn-webgpu";
import type { LensSize, Layering, Look, Point } from "../messages.js";
import { strideOf } from "../variants.js";
import { flatContext } from "./canvas-contexts.js";
import { blend, mapsOf } from "./cpu-painter.js";
import type { Layer } from "./painter.js";

const GRID_DARK = "rgb(0 0 0 / 0.6)";
const GRID_LIGHT = "rgb(255 255 255 / 0.75)";

export interface LoupeSlot {
  readonly lens: OffscreenCanvas;
  readonly layering: Layering;
}

export interface LoupeScene extends LensSize {
  readonly picture: Picture;
  readonly layers: ReadonlyMap<string, Layer>;
  readonly look: Look;
  /** The pixel in the middle. */
  readonly at: Point;
}

export function drawLoupes(slots: readonly LoupeSlot[], scene: LoupeScene): void {
  const { picture, at, reach } = scene;
  // One pixel more on each side, so that lines between classes are drawn as on the whole picture.
  const left = at.x - reach / 2 - 1;
  const top = at.y - reach / 2 - 1;
  const part = cutPicture(picture, { left, top, side: reach + 2 });
  for (const { lens, layering } of slots) drawLoupe(lens, layering, { ...scene, left, top, part });
}

interface Part extends LoupeScene {
  readonly left: number;
  readonly top: number;
  readonly part: Picture;
}

/** A square part of the picture. */
interface Square {
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

function drawLoupe(lens: OffscreenCanvas, layering: Layering, scene: Part): void {
  const { side, reach, part, look, layers, picture, left, top } = scene;
  const cutSide = reach + 2;
  if (lens.width !== side || lens.height !== side) Object.assign(lens, { width: side, height: side });
  const context = flatContext(lens);
  if (!context) return;
  const { labels, left: beside, against } = mapsOf(layering, layers);
  const cut = (map: Uint8Array | undefined) => map && cutLabels(map, picture, { left, top, side: cutSide });
  // The divider of the whole picture, as a share of the part.
  const split = Math.min(1, Math.max(0, (look.split * picture.width - left) / cutSide));
  const maps = { labels: cut(labels), left: cut(beside), against: cut(against) };
  const pixels = blend(part, maps, { ...look, split });
  const small = new OffscreenCanvas(cutSide, cutSide);
  small.getContext("2d")?.putImageData(new ImageData(pixels, cutSide, cutSide), 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 1, 1, reach, reach, 0, 0, side, side);
  const stride = layering.variant === undefined ? undefined : strideOf(layering.variant);
  if (stride !== undefined) drawGrid(context, stride, scene);
  drawPoint(context, scene);
}

/** Lines between the cells of a stride, dark with a light edge, so that they show on every ground. */
function drawGrid(context: OffscreenCanvasRenderingContext2D, stride: number, { side, reach, left, top }: Part): void {
  const scale = side / reach;
  const width = Math.max(1, Math.round(side / 160));
  for (const [origin, across] of [
    [left + 1, true],
    [top + 1, false],
  ] as const) {
    for (let line = Math.ceil(origin / stride) * stride; line <= origin + reach; line += stride) {
      const at = Math.round((line - origin) * scale);
      context.fillStyle = GRID_LIGHT;
      context.fillRect(across ? at : 0, across ? 0 : at, across ? 2 * width : side, across ? side : 2 * width);
      context.fillStyle = GRID_DARK;
      context.fillRect(across ? at : 0, across ? 0 : at, across ? width : side, across ? side : width);
    }
  }
}

/** A frame around the pixel in the middle. */
function drawPoint(context: OffscreenCanvasRenderingContext2D, { side, reach }: LensSize): void {
  const scale = side / reach;
  const at = side / 2;
  for (const [colour, grow] of [
    ["#000", 2],
    ["#fff", 1],
  ] as const) {
    context.strokeStyle = colour;
    context.lineWidth = 1;
    context.strokeRect(at - grow, at - grow, scale + 2 * grow, scale + 2 * grow);
  }
}

/** Beyond the picture's borders it is grey. */
function cutPicture({ width, height, data }: Picture, { left, top, side }: Square): Picture {
  const out = new Uint8Array(side * side * 4).fill(128);
  const first = Math.max(0, -left);
  const count = Math.min(side, width - left) - first;
  for (let y = Math.max(0, -top); y < Math.min(side, height - top); y++) {
    const from = ((top + y) * width + left + first) * 4;
    if (count > 0) out.set(data.subarray(from, from + count * 4), (y * side + first) * 4);
  }
  return { width: side, height: side, data: out, channels: 4 };
}

function cutLabels(labels: Uint8Array, { width, height }: Picture, { left, top, side }: Square): Uint8Array {
  const out = new Uint8Array(side * side);
  for (let y = 0; y < side; y++) {
    const row = Math.min(height - 1, Math.max(0, top + y)) * width;
    for (let x = 0; x < side; x++) {
      out[y * side + x] = labels[row + Math.min(width - 1, Math.max(0, left + x))] as number;
    }
  }
  return out;
}
