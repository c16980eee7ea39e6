/** The loupes: the same part of the picture in every panel, enlarged, under the grid of each network's stride. */
import type { Picture } from "fcn-webgpu";
import type { LensSize, Layering, Look, Point } from "../messages.js";
import { strideOf } from "../variants.js";
import { flatContext } from "./canvas-contexts.js";
import { blend, mapsOf } from "./cpu-painter.js";
import type { Blended } from "./cpu-painter.js";
import type { Layer } from "./painter.js";

const GRID_DARK = "rgb(0 0 0 / 0.6)";
const GRID_LIGHT = "rgb(255 255 255 / 0.75)";
/** RGBA beyond the picture's borders, R in the low byte: opaque grey. */
const OUTSIDE = 0xff808080;

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
  const { at, reach, side } = scene;
  if (side < 1) return; // a canvas has no negative width
  // One pixel more on each side, so that lines between classes are drawn as on the whole picture.
  const left = at.x - reach / 2 - 1;
  const top = at.y - reach / 2 - 1;
  for (const { lens, layering } of slots) drawLoupe(lens, layering, { ...scene, left, top });
}

/** A square part of the plane in which the picture lies, of which some may be outside the picture. */
interface Square {
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

interface Placed extends LoupeScene {
  readonly left: number;
  readonly top: number;
}

function drawLoupe(lens: OffscreenCanvas, layering: Layering, scene: Placed): void {
  const { side, reach, look, layers, picture, left, top } = scene;
  const cutSide = reach + 2;
  if (lens.width !== side || lens.height !== side) Object.assign(lens, { width: side, height: side });
  const context = flatContext(lens);
  if (!context) return;
  const pixels = loupePixels(picture, mapsOf(layering, layers), look, { left, top, side: cutSide });
  const small = new OffscreenCanvas(cutSide, cutSide);
  small.getContext("2d")?.putImageData(new ImageData(pixels, cutSide, cutSide), 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 1, 1, reach, reach, 0, 0, side, side);
  for (const span of gridSpans(layering, look.split * picture.width, { left: left + 1, reach, side }))
    drawGrid(context, span, scene);
  drawPoint(context, scene);
}

/** RGBA of a part of the picture with label maps over it. Beyond the picture's borders it is grey. */
export function loupePixels(
  { width, height, data }: Picture,
  maps: Blended,
  look: Look,
  { left, top, side }: Square,
): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(side * side * 4);
  new Uint32Array(out.buffer).fill(OUTSIDE);
  const first = { x: Math.max(0, left), y: Math.max(0, top) };
  const columns = Math.min(width, left + side) - first.x;
  const rows = Math.min(height, top + side) - first.y;
  if (columns <= 0 || rows <= 0) return out;
  const cut = (from: Picture["data"], channels: number): Uint8Array => {
    const line = columns * channels;
    const cutOut = new Uint8Array(rows * line);
    for (let y = 0; y < rows; y++) {
      const start = ((first.y + y) * width + first.x) * channels;
      cutOut.set(from.subarray(start, start + line), y * line);
    }
    return cutOut;
  };
  const cutMap = (map: Uint8Array | undefined): Uint8Array | undefined => map && cut(map, 1);
  const part: Picture = { width: columns, height: rows, data: cut(data, 4), channels: 4 };
  const cutMaps = { labels: cutMap(maps.labels), left: cutMap(maps.left), against: cutMap(maps.against) };
  // The divider of the whole picture, as a share of the part.
  const split = Math.min(1, Math.max(0, (look.split * width - first.x) / columns));
  const drawn = blend(part, cutMaps, { ...look, split });
  for (let y = 0; y < rows; y++) {
    const to = ((first.y - top + y) * side + first.x - left) * 4;
    out.set(drawn.subarray(y * columns * 4, (y + 1) * columns * 4), to);
  }
  return out;
}

/** A network's grid, and the columns of the loupe's canvas that it covers. */
export interface GridSpan {
  readonly stride: number;
  readonly from: number;
  readonly to: number;
}

/** On each side of the divider, which stands at `split` of the picture, the grid is that side's own. */
export function gridSpans(
  { variant, left }: Layering,
  split: number,
  lens: LensSize & { readonly left: number },
): GridSpan[] {
  const scaled = ((Math.round(split) - lens.left) * lens.side) / lens.reach;
  const at = left ? Math.min(lens.side, Math.max(0, scaled)) : 0;
  return [
    { variant: left?.variant, from: 0, to: at },
    { variant, from: at, to: lens.side },
  ].flatMap((span) => {
    if (span.variant === undefined || span.from >= span.to) return [];
    return [{ stride: strideOf(span.variant), from: span.from, to: span.to }];
  });
}

/** Lines between the cells of a stride, dark with a light edge, so that they show on every ground. */
function drawGrid(context: OffscreenCanvasRenderingContext2D, span: GridSpan, scene: Placed): void {
  const { side, reach, left, top } = scene;
  const { stride, from, to } = span;
  const scale = side / reach;
  const width = Math.max(1, Math.round(side / 160));
  context.save();
  context.beginPath();
  context.rect(from, 0, to - from, side);
  context.clip();
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
  context.restore();
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
