/** Draws the figure of skips: a column for each stride, from features over scores to what the skip adds. */
import "./figure.css";
import { SCREEN_PALETTE } from "../colours.js";
import type { CellMap, Explained, ExplainedStride } from "../messages.js";
import { element } from "../ui/elements.js";
import { formatShare } from "../ui/format.js";
import { networkTitle } from "../variants.js";

type Colour = readonly [number, number, number];
type Paint = (value: number, cell: number) => Colour;

/** Dark blue over green to yellow, in steps of equal brightness (viridis, by five of its points). */
const RAMP: readonly Colour[] = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
];
const PALE: Colour = [238, 240, 243];
const MORE: Colour = [196, 78, 0];
const LESS: Colour = [0, 92, 175];

const mixed = (from: Colour, to: Colour, share: number): Colour =>
  from.map((value, c) => Math.round(value + share * ((to[c] ?? 0) - value))) as unknown as Colour;

export function drawFigure(root: HTMLElement, { strides, label, ratio }: Explained, names: readonly string[]): void {
  if (strides.length === 0) {
    root.replaceChildren(element("p", "soft", "One network alone: there is no skip to compare."));
    return;
  }
  const className = names[label] ?? `class ${label}`;
  root.style.setProperty("--ratio", String(ratio));
  root.style.setProperty("--strides", String(strides.length));
  root.replaceChildren(
    row("Features", "How strongly the backbone responds, over all its channels.", strides, (one) => [
      cells(one.features, ramp, `Features of stride ${one.stride}`),
      `${one.features.columns} × ${one.features.rows}, ${one.channels} channels`,
    ]),
    row("Scores", "The best class of each cell, paler where it is less sure.", strides, (one) => [
      cells(one.labels, classPaint(one.confidence), `Best class of each cell of stride ${one.stride}`),
      networkTitle(one.variant),
    ]),
    row("Added", `How the probability of “${className}” changes.`, strides, (one, i) => [
      cells(one.change, changePaint, `Change of the probability of ${className} at stride ${one.stride}`),
      i === 0 ? `probability of ${className}` : `${formatShare(one.changed)} of cells change class`,
    ]),
    key(className),
  );
}

type Cell = readonly [picture: HTMLElement, caption: string];

function row(
  title: string,
  text: string,
  strides: readonly ExplainedStride[],
  cellOf: (one: ExplainedStride, i: number) => Cell,
): HTMLElement {
  const head = element("div", "figure-head", element("h3", "", title), element("p", "soft", text));
  const figures = strides.map((one, i) => {
    const [picture, caption] = cellOf(one, i);
    const stride = element("strong", "", `${i === 0 ? "" : "+ "}stride ${one.stride}`);
    return element("figure", "", picture, element("figcaption", "", stride, " ", element("span", "soft", caption)));
  });
  return element("div", "figure-row", head, ...figures);
}

const ramp: Paint = (value) => {
  const at = (value / 255) * (RAMP.length - 1);
  const step = Math.min(RAMP.length - 2, Math.floor(at));
  return mixed(RAMP[step] ?? PALE, RAMP[step + 1] ?? PALE, at - step);
};

const classPaint =
  ({ values }: CellMap): Paint =>
  (label, cell) => {
    if (label === 0) return PALE;
    const [r = 0, g = 0, b = 0] = SCREEN_PALETTE.subarray(label * 3);
    return mixed(PALE, [r, g, b], (values[cell] ?? 0) / 255);
  };

const changePaint: Paint = (value) => {
  const share = (value - 128) / 127;
  return mixed(PALE, share > 0 ? MORE : LESS, Math.min(1, Math.sqrt(Math.abs(share))));
};

/** A pixel of the canvas for each cell; the page enlarges it. */
function cells({ columns, rows, values }: CellMap, paint: Paint, description: string): HTMLElement {
  const canvas = Object.assign(element("canvas"), { width: columns, height: rows });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", description);
  const pixels = new ImageData(columns, rows);
  values.forEach((value, cell) => pixels.data.set([...paint(value, cell), 255], cell * 4));
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
  return canvas;
}

function key(className: string): HTMLElement {
  const entry = ([r, g, b]: Colour, word: string): HTMLElement => {
    const swatch = element("span", "swatch");
    swatch.style.backgroundColor = `rgb(${r} ${g} ${b})`;
    return element("span", "", swatch, element("span", "", `${word} ${className}`));
  };
  return element("p", "figure-key soft", entry(MORE, "more"), entry(LESS, "less"));
}
