/**
 * The little that plots need: escaping, scales with round ticks, axes, and colours that follow the reader's light or dark
 * setting. A plot is text and stands alone as a file; the report embeds the same text. https://www.w3.org/TR/SVG11/
 */

/** For text and attributes of HTML and SVG alike. */
export const escapeText = (text: string): string => text.replace(/[&<>"']/g, (ch) => `&#${ch.charCodeAt(0)};`);

/** Hundredths of a pixel are enough, and keep files small. */
export const num = (value: number): string => String(Math.round(value * 100) / 100);

/** Okabe and Ito's colours, told apart by colour-blind readers; lighter ones on dark ground. In the variants' order. */
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

/** Colours as custom properties on `root`. `data-theme` on it, where a page sets one, wins over the system's setting. */
export const themeCss = (root: string): string =>
  `${root}{${variables(LIGHT)}}@media (prefers-color-scheme:dark){${root}:not([data-theme=light]){${variables(DARK)}}}${root}[data-theme=dark]{${variables(DARK)}}`;

export const PLOT_CSS = [
  ".plot{font:12px/1.3 system-ui,-apple-system,'Segoe UI',sans-serif;font-variant-numeric:tabular-nums}",
  ".plot text{fill:var(--quiet)}.plot .t{fill:var(--ink);font-weight:600}.plot .v{fill:var(--ink)}",
  ".plot .grid{stroke:var(--rule);fill:none}.plot .axis{stroke:var(--quiet);fill:none}.plot .gap{stroke:var(--ground)}",
  ...["s0", "s1", "s2", "all"].map((s) => `.plot .${s}{--c:var(--${s})}`),
  ".plot .wrong{--c:var(--bad)}.plot .fill{fill:var(--c)}.plot .line{stroke:var(--c);fill:none;stroke-width:2}.plot .ring{stroke:var(--c);fill:var(--ground);stroke-width:2}.plot .dash{stroke-dasharray:5 4}",
].join("");

export interface Plot {
  readonly name: string;
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly body: string;
}

/** For embedding: colours and rules come from the page. */
export function inlineSvg({ title, width, height, body }: Plot): string {
  return `<svg class="plot" viewBox="0 0 ${num(width)} ${num(height)}" role="img" aria-label="${escapeText(title)}">${body}</svg>`;
}

/** A file of its own, with its ground and title. */
export function svgFile({ title, width, height, body }: Plot): string {
  const head = `<svg xmlns="http://www.w3.org/2000/svg" class="plot" width="${num(width)}" height="${num(height + 34)}" viewBox="0 -34 ${num(width)} ${num(height + 34)}">`;
  const ground = `<rect y="-34" width="${num(width)}" height="${num(height + 34)}" fill="var(--ground)"/>`;
  return `${head}<style>${themeCss("svg")}${PLOT_CSS}</style>${ground}<text class="t" x="12" y="-12" style="font-size:14px">${escapeText(title)}</text>${body}</svg>\n`;
}

/** Round steps (1, 2, 5 times a power of ten) that cover the values with about `count` of them. */
export function ticksFor(low: number, high: number, count = 5): number[] {
  const raw = (high - low || Math.abs(high) || 1) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= raw * 0.999) ?? 10);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: Math.max(2, last - first + 1) }, (_, i) => Math.round((first + i) * step * 1e9) / 1e9);
}

export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Axes {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly body: string;
}

/** Linear axes with a horizontal grid, tick labels and names. */
export function axes(
  frame: Frame,
  xs: readonly number[],
  ys: readonly number[],
  names: readonly [string, string],
  formats: readonly [(v: number) => string, (v: number) => string],
): Axes {
  const { left, top, width, height } = frame;
  const scale = (ticks: readonly number[], from: number, size: number) => {
    const [low, high] = [ticks[0] ?? 0, ticks.at(-1) ?? 1];
    return (value: number): number => from + ((value - low) / (high - low)) * size;
  };
  const x = scale(xs, left, width);
  const y = scale(ys, top + height, -height);
  const rows = ys.map(
    (v) =>
      `<path class="grid" d="M${num(left)} ${num(y(v))}h${num(width)}"/><text x="${num(left - 8)}" y="${num(y(v) + 4)}" text-anchor="end">${escapeText(formats[1](v))}</text>`,
  );
  const marks = xs.map(
    (v) =>
      `<path class="axis" d="M${num(x(v))} ${num(top + height)}v4"/><text x="${num(x(v))}" y="${num(top + height + 18)}" text-anchor="middle">${escapeText(formats[0](v))}</text>`,
  );
  const base = `<path class="axis" d="M${num(left)} ${num(top + height)}h${num(width)}"/>`;
  const title = `<text x="${num(left + width / 2)}" y="${num(top + height + 38)}" text-anchor="middle">${escapeText(names[0])}</text><text x="${num(left)}" y="${num(top - 12)}" text-anchor="start">${escapeText(names[1])}</text>`;
  return { x, y, body: rows.join("") + base + marks.join("") + title };
}
