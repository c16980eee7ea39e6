/**
 * stamps.svg: a transposed convolution by 4 as stamps. Each of four scores stamps the kernel, scaled by it, onto the
 * outputs; overlapping stamps add up. Kernel 8, padding 2.
 */
import { svgElement } from "../../dist/src/eval/markup.js";
import { svgFile } from "../../dist/src/eval/svg.js";

const STRIDE = 4;
const KERNEL = 8;
const PADDING = 2;
const SCORES = [1.6, 3.4, 2.4, 4.2];
/** Outputs before the padding is cropped. */
const OUTPUTS = (SCORES.length - 1) * STRIDE + KERNEL;

/** Colour classes of the scores. */
const SERIES = ["s0", "s1", "s2", "all"];
const LEFT = 40;
/** Where the bars stand. */
const BOTTOM = 226;
/** Pixels of an output, with the gap behind its bar. */
const STEP = 34;
const BAR_WIDTH = STEP - 4;
/** Pixels of a score of 1. */
const SCALE = 40;

/** Weight k of the bilinear kernel: 1 at the middle, falling to 0 a stride away. */
const bilinearWeight = (k) => 1 - Math.abs(k - (KERNEL - 1) / 2) / STRIDE;

/** What each score adds to output j, as bars on top of each other. The output's number, unless it is cropped. */
function outputBars(j) {
  const x = LEFT + j * STEP;
  const isCropped = j < PADDING || j >= OUTPUTS - PADDING;
  const parts = [];
  let y = BOTTOM;
  SCORES.forEach((score, i) => {
    const k = j - i * STRIDE;
    if (k < 0 || k >= KERNEL) return;
    const height = bilinearWeight(k) * score * SCALE;
    y -= height;
    const bar = { class: "fill", x, y, width: BAR_WIDTH, height, opacity: isCropped ? "0.25" : undefined };
    parts.push(svgElement("g", { class: SERIES[i] }, svgElement("rect", bar)));
  });
  const middle = { x: x + BAR_WIDTH / 2, y: BOTTOM + 16, "text-anchor": "middle" };
  if (!isCropped) parts.push(svgElement("text", middle, String(j - PADDING)));
  return parts.join("");
}

/** A ring at the height of score i, above the middle of its stamp. */
function scoreMark(score, i) {
  const x = LEFT + (i * STRIDE + KERNEL / 2) * STEP - 2;
  const y = BOTTOM - score * SCALE;
  const ring = svgElement("circle", { class: "ring", cx: x, cy: y, r: 6 });
  const name = svgElement("text", { class: "v", x, y: y - 12, "text-anchor": "middle" }, `score ${i}`);
  return svgElement("g", { class: SERIES[i] }, ring) + name;
}

/** The figure as SVG text. */
export function stampsFigure() {
  const bars = Array.from({ length: OUTPUTS }, (_, j) => outputBars(j));
  const marks = SCORES.map(scoreMark);
  const axis = svgElement("path", { class: "axis", d: `M${LEFT} ${BOTTOM}H${LEFT + OUTPUTS * STEP}` });
  const note = svgElement("text", { x: LEFT, y: BOTTOM + 34 }, "output position; pale: cropped by padding 2");
  return svgFile({
    name: "stamps",
    title: "Transposed convolution by 4 of four scores, bilinear kernel of 8",
    width: LEFT * 2 + OUTPUTS * STEP,
    height: BOTTOM + 46,
    body: [...bars, ...marks, axis, note].join(""),
  });
}
