/**
 * Plots as SVG: files of their own, or parts of the report. Colours follow the reader's light or dark setting.
 * https://www.w3.org/TR/SVG11/
 */
import { escapeText, num, svgElement } from "./markup.js";

/**
 * Okabe and Ito's colours, which colour-blind readers can tell apart; s0, s1, s2 are the variants in their order.
 * https://jfly.uni-koeln.de/color/
 */
const LIGHT = {
  ink: "#1a1d21",
  quiet: "#636b76",
  rule: "#e2e5ea",
  ground: "#ffffff",
  s0: "#c77700",
  s1: "#00805e",
  s2: "#0b6bb5",
  all: "#7a5195",
  bad: "#c0392b",
};
/** The same in lighter shades, for a dark ground. */
const DARK = {
  ink: "#e8eaee",
  quiet: "#9aa3b0",
  rule: "#2f353e",
  ground: "#16191e",
  s0: "#f0b03f",
  s1: "#35c99a",
  s2: "#66b2f2",
  all: "#c79be0",
  bad: "#ff7b6b",
};

const variables = (colours: Readonly<Record<string, string>>): string =>
  Object.entries(colours)
    .map(([name, value]) => `--${name}:${value}`)
    .join(";");

/** Colours as custom properties on `root`. A `data-theme` that a page sets on it wins over the system's setting. */
export const themeCss = (root: string): string =>
  [
    `${root}{${variables(LIGHT)}}`,
    `@media (prefers-color-scheme:dark){${root}:not([data-theme=light]){${variables(DARK)}}}`,
    `${root}[data-theme=dark]{${variables(DARK)}}`,
  ].join("");

export const PLOT_CSS = [
  ".plot{font:12px/1.3 system-ui,-apple-system,'Segoe UI',sans-serif;font-variant-numeric:tabular-nums}",
  ".plot text{fill:var(--quiet)}",
  ".plot .t{fill:var(--ink);font-weight:600}",
  ".plot .v{fill:var(--ink)}",
  ".plot .grid{stroke:var(--rule);fill:none}",
  ".plot .axis{stroke:var(--quiet);fill:none}",
  ".plot .gap{stroke:var(--ground)}",
  ...["s0", "s1", "s2", "all"].map((series) => `.plot .${series}{--c:var(--${series})}`),
  ".plot .wrong{--c:var(--bad)}",
  ".plot .fill{fill:var(--c)}",
  ".plot .line{stroke:var(--c);fill:none;stroke-width:2}",
  ".plot .ring{stroke:var(--c);fill:var(--ground);stroke-width:2}",
  ".plot .dash{stroke-dasharray:5 4}",
].join("");

export interface Plot {
  /** Name of its file, without the ending. */
  readonly name: string;
  readonly title: string;
  readonly width: number;
  readonly height: number;
  /** The SVG elements. */
  readonly body: string;
}

/** For embedding: colours and rules come from the page. */
export function inlineSvg({ title, width, height, body }: Plot): string {
  const viewBox = `0 0 ${num(width)} ${num(height)}`;
  return svgElement("svg", { class: "plot", viewBox, role: "img", "aria-label": title }, body);
}

/** Pixels above the plot, for its title. */
const TITLE_HEIGHT = 34;

/** A file of its own, with its ground and title. */
export function svgFile({ title, width, height, body }: Plot): string {
  const fullHeight = height + TITLE_HEIGHT;
  const svg = svgElement(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      class: "plot",
      width,
      height: fullHeight,
      viewBox: `0 ${-TITLE_HEIGHT} ${num(width)} ${num(fullHeight)}`,
    },
    `<style>${themeCss("svg")}${PLOT_CSS}</style>`,
    svgElement("rect", { y: -TITLE_HEIGHT, width, height: fullHeight, fill: "var(--ground)" }),
    svgElement("text", { class: "t", x: 12, y: -12, style: "font-size:14px" }, escapeText(title)),
    body,
  );
  return `${svg}\n`;
}
