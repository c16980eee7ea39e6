/**
 * Plots as SVG: files of their own, or parts of the report. Colours follow the reader's light or dark setting.
 * https://www.w3.org/TR/SVG11/
 */
import { escapeText, num, svgElement } from "./markup.js";
import { SERIES_COLOURS } from "./series.js";

/**
 * s0, s1 and so on are the networks in their order. Colour-blind readers can tell them apart: the first three are close
 * to Okabe and Ito's (https://jfly.uni-koeln.de/color/); the others were searched for with Machado, Oliveira and
 * Fernandes' model of colour vision, as test/series.test.ts computes it (https://doi.org/10.1109/TVCG.2009.113).
 */
export const LIGHT = {
  ink: "#1a1d21",
  quiet: "#636b76",
  rule: "#e2e5ea",
  ground: "#ffffff",
  s0: "#c77700",
  s1: "#00805e",
  s2: "#0b6bb5",
  s3: "#2e4556",
  s4: "#650d1a",
  s5: "#b54ef2",
  s6: "#e24484",
  s7: "#9a87bc",
  s8: "#560499",
  all: "#7a5195",
  bad: "#c0392b",
};
/** The same in lighter shades, for a dark ground. */
export const DARK = {
  ink: "#e8eaee",
  quiet: "#9aa3b0",
  rule: "#2f353e",
  ground: "#16191e",
  s0: "#f0b03f",
  s1: "#35c99a",
  s2: "#66b2f2",
  s3: "#4c759f",
  s4: "#c5256d",
  s5: "#767700",
  s6: "#c1fa83",
  s7: "#604ef7",
  s8: "#eddef9",
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
  ...[...SERIES_COLOURS, "all"].map((series) => `.plot .${series}{color:var(--${series})}`),
  ".plot .wrong{color:var(--bad)}",
  ".plot .fill{fill:currentColor}",
  ".plot .line{stroke:currentColor;fill:none;stroke-width:2}",
  ".plot .ring{stroke:currentColor;fill:var(--ground);stroke-width:2}",
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

/**
 * With the light colour before each custom property. Programs that draw files without a browser (librsvg, Inkscape)
 * know no custom properties: they would draw everything black, and leave out a declaration that they cannot read.
 */
const withLightColours = (markup: string): string =>
  markup.replace(/([\w-]+):var\(--(\w+)\)/g, (declaration: string, property: string, name: string) => {
    const colour = Object.entries(LIGHT).find(([key]) => key === name)?.[1];
    return colour === undefined ? declaration : `${property}:${colour};${declaration}`;
  });

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
      style: "max-width:100%;height:auto",
      viewBox: `0 ${-TITLE_HEIGHT} ${num(width)} ${num(fullHeight)}`,
    },
    `<style>${themeCss("svg")}${withLightColours(PLOT_CSS)}</style>`,
    svgElement("rect", { y: -TITLE_HEIGHT, width, height: fullHeight, style: withLightColours("fill:var(--ground)") }),
    svgElement("text", { class: "t", x: 12, y: -12, style: "font-size:14px" }, escapeText(title)),
    withLightColours(body),
  );
  return `${svg}\n`;
}
