/**
 * alignment.svg: where scores of stride 32 land on a row of pixels. The encoder centres cell i on pixel 32i. Kernel 64
 * with padding 16 puts its score on 32i + 15.5; kernel 63 with padding 31 puts it on 32i.
 */
import { svgElement } from "../../dist/src/eval/markup.js";
import { svgFile } from "../../dist/src/eval/svg.js";

const STRIDE = 32;
/** A picture of 97 pixels, 3 * 32 + 1: its last cell is centred on its last pixel. */
const PIXELS = 97;
const CELLS = 4;
/** Drawn units of a pixel. */
const UNIT = 7;
const LEFT = 150;
const HEIGHT = 64;
/** Baselines of the rows. */
const ROWS = { encoder: 60, padded: 170, aligned: 280 };
const SERIES = ["s0", "s1", "s2", "all"];

const columnOf = (/** @type {number} */ pixel) => LEFT + pixel * UNIT;

/** The pixels as an axis with a tick at every cell's centre. */
function pixelRow(/** @type {number} */ y) {
  const line = svgElement("path", { class: "axis", d: `M${columnOf(0)} ${y}H${columnOf(PIXELS - 1)}` });
  const ticks = Array.from({ length: CELLS }, (_, i) => {
    const x = columnOf(i * STRIDE);
    return (
      svgElement("path", { class: "axis", d: `M${x} ${y}v6` }) +
      svgElement("text", { x, y: y + 18, "text-anchor": "middle" }, String(i * STRIDE))
    );
  });
  return line + ticks.join("");
}

/** The weights with which cell i adds to each pixel: a triangle around `centre`, a stride to each side. */
function stamp(/** @type {number} */ i, /** @type {number} */ centre, /** @type {number} */ y) {
  const points = [centre - STRIDE, centre, centre + STRIDE].map((pixel, k) => {
    const inside = Math.min(Math.max(pixel, 0), PIXELS - 1);
    const weight = 1 - Math.abs(inside - centre) / STRIDE;
    return `${k === 0 ? "M" : "L"}${columnOf(inside)} ${y - weight * HEIGHT}`;
  });
  const mark =
    centre < PIXELS ? svgElement("circle", { class: "ring", cx: columnOf(centre), cy: y - HEIGHT, r: 5 }) : "";
  const line = svgElement("path", { class: "line", d: points.join(""), fill: "none" });
  return svgElement("g", { class: SERIES[i] }, line + mark);
}

const caption = (/** @type {string} */ first, /** @type {string} */ second, /** @type {number} */ y) =>
  svgElement("text", { class: "v", x: 8, y: y - 30 }, first) + svgElement("text", { x: 8, y: y - 12 }, second);

/** The figure as SVG text. */
export function alignmentFigure() {
  const cells = Array.from({ length: CELLS }, (_, i) => i);
  const centres = cells.map((i) => {
    const dot = svgElement("circle", { class: "fill", cx: columnOf(i * STRIDE), cy: ROWS.encoder - 16, r: 6 });
    return svgElement("g", { class: SERIES[i] }, dot);
  });
  const body = [
    caption("cells", "centred on 32i", ROWS.encoder),
    pixelRow(ROWS.encoder),
    ...centres,
    caption("kernel 64, padding 16", "centred on 32i + 15.5", ROWS.padded),
    pixelRow(ROWS.padded),
    ...cells.map((i) => stamp(i, i * STRIDE + (STRIDE - 1) / 2, ROWS.padded)),
    caption("kernel 63, padding 31", "centred on 32i", ROWS.aligned),
    pixelRow(ROWS.aligned),
    ...cells.map((i) => stamp(i, i * STRIDE, ROWS.aligned)),
  ];
  return svgFile({
    name: "alignment",
    title: "Where scores of stride 32 land on 97 pixels, in the two geometries",
    width: columnOf(PIXELS) + 20,
    height: ROWS.aligned + 34,
    body: body.join(""),
  });
}
