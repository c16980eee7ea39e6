/** Draws maps as pictures, and pictures as panels side by side. */
import { Canvas } from "../../dist/src/image/canvas.js";
import { colourMap } from "../../dist/src/image/overlay.js";
import { scaled } from "../../dist/src/image/scale.js";
import { textWidth } from "../../dist/src/image/text.js";
import { vocPalette } from "../../dist/src/node.js";

/** Width of a panel that shows the whole picture. */
export const PANEL_WIDTH = 300;
export const panelHeight = ({ width, height }) => Math.round((PANEL_WIDTH * height) / width);

const GREY = [98, 106, 117];
const FRAME = [208, 213, 219];
const GRID = [90, 98, 110];
const GRID_OPACITY = 0.4;

/** The VOC palette on light ground: VOC's black background would be a large part of a figure. */
const palette = vocPalette();
palette.set([236, 240, 245]);

/** Labels in the colours of their classes. */
export const classColours = (labels, width, height) => colourMap(labels, width, height, palette);

/** Dark blue over green to yellow, in steps of equal brightness (viridis, by five of its points). */
const RAMP = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
];

/** Values as colours of the ramp, from the lowest to the highest. */
export function heatMap(values, width, height) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const data = new Uint8Array(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) {
    const at = ((values[i] - low) / (high - low || 1)) * (RAMP.length - 1);
    const step = Math.min(RAMP.length - 2, Math.floor(at));
    const [from, to] = [RAMP[step], RAMP[step + 1]];
    for (let c = 0; c < 3; c++) data[i * 4 + c] = Math.round(from[c] + (at - step) * (to[c] - from[c]));
  }
  return { width, height, data, channels: 4 };
}

/** The mean over the channels of a map. */
export function channelMean({ values, channels, width, height }) {
  const pixels = width * height;
  return Float32Array.from({ length: pixels }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += values[c * pixels + i];
    return sum / channels;
  });
}

/**
 * A panel of cells, each `stride` pixels of the picture large. Cells that reach over the picture's border are cut off.
 * @param {{ width: number, height: number }} picture
 */
export function cellPanel(cells, stride, picture) {
  const side = (PANEL_WIDTH / picture.width) * stride;
  const canvas = new Canvas(PANEL_WIDTH, panelHeight(picture));
  canvas.draw(scaled(cells, Math.round(cells.width * side), Math.round(cells.height * side)), 0, 0);
  return canvas;
}

/** Draws lines `step` pixels apart over the canvas. */
export function drawGrid(canvas, step) {
  const { width, height } = canvas;
  for (let x = step; x < width; x += step) {
    canvas.fill({ left: Math.round(x), top: 0, width: 1, height }, GRID, GRID_OPACITY);
  }
  for (let y = step; y < height; y += step) {
    canvas.fill({ left: 0, top: Math.round(y), width, height: 1 }, GRID, GRID_OPACITY);
  }
  return canvas;
}

const GAP = 16;
/** Room above a panel, for its title and a line below it. */
const HEAD = 44;

/** Panels side by side. `note` is the line below the title. */
export function strip(panels) {
  const width = panels.reduce((sum, { image }) => sum + image.width + GAP, GAP);
  const canvas = new Canvas(width, HEAD + panels[0].image.height + GAP);
  let left = GAP;
  for (const { title, note, image } of panels) {
    if (textWidth(note) > image.width) throw new Error(`"${note}" is wider than its panel`);
    canvas.text(title, left, 6, { font: "strong" });
    canvas.text(note, left, 24, { colour: GREY });
    canvas.draw(image, left, HEAD);
    canvas.frame({ left, top: HEAD, width: image.width, height: image.height }, FRAME);
    left += image.width + GAP;
  }
  return canvas;
}
