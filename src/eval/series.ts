/** How networks are told apart in plots: each has a colour and, for readers who do not see it, a shape. */
import { num, svgElement } from "./markup.js";
import type { Attributes } from "./markup.js";
import type { RunHeader } from "./records.js";

/** Number of colours and of shapes. */
const COUNT = 9;

/** Corners of the shapes, in a circle of radius 1. The first shape is the circle itself. */
type Corners = readonly (readonly [x: number, y: number])[];

/** Corners at equal angles from the top on, on circles of these radii in turn. */
function regular(corners: number, radii: readonly number[], turn = 0): Corners {
  return Array.from({ length: corners }, (_, i) => {
    const radius = radii[i % radii.length] ?? 1;
    const angle = turn + (2 * Math.PI * i) / corners;
    return [radius * Math.sin(angle), -radius * Math.cos(angle)];
  });
}

const WIDE_CROSS = 0.38;
const plus: Corners = [0, 1, 2, 3].flatMap((quarter) => {
  const [cos, sin] = [Math.cos((quarter * Math.PI) / 2), Math.sin((quarter * Math.PI) / 2)];
  const own: Corners = [
    [-WIDE_CROSS, -1.1],
    [WIDE_CROSS, -1.1],
    [WIDE_CROSS, -WIDE_CROSS],
  ];
  return own.map(([x, y]) => [x * cos - y * sin, x * sin + y * cos] as const);
});
const turned: Corners = plus.map(([x, y]) => [(x - y) * Math.SQRT1_2, (x + y) * Math.SQRT1_2]);

const SHAPES: readonly (Corners | undefined)[] = [
  undefined,
  regular(4, [1.2], Math.PI / 4),
  regular(3, [1.3]),
  regular(4, [1.25]),
  regular(3, [1.3], Math.PI),
  plus,
  regular(10, [1.4, 0.6]),
  turned,
  regular(6, [1.15]),
];

/** The look of a network in plots. */
export interface Series {
  /** A class of colour. */
  readonly colour: string;
  /** Index of a shape. */
  readonly shape: number;
}

/** The look of "all" networks together. */
export const ALL_SERIES: Series = { colour: "all", shape: 0 };

/** Classes of the networks' colours. */
export const SERIES_COLOURS: readonly string[] = Array.from({ length: COUNT }, (_, i) => `s${i}`);

/** The look of a network, by its place in the run. From the tenth on a colour comes again, with another shape. */
export function seriesOf({ variants }: Pick<RunHeader, "variants">, variant: string): Series {
  const place = Math.max(0, variants.indexOf(variant));
  return { colour: `s${place % COUNT}`, shape: (place + Math.floor(place / COUNT)) % COUNT };
}

export interface MarkOptions {
  /** "fill" or "ring". */
  readonly class: string;
  /** Radius in pixels. */
  readonly size: number;
}

/** The mark of a network around a point, with the SVG elements inside it. */
export function markOf(
  { shape }: Series,
  [cx, cy]: readonly [x: number, y: number],
  { class: name, size }: MarkOptions,
  ...content: readonly string[]
): string {
  const corners = SHAPES[shape];
  if (!corners) return svgElement("circle", { class: name, cx, cy, r: size }, ...content);
  const points = corners.map(([x, y]) => `${num(cx + size * x)} ${num(cy + size * y)}`);
  const attributes: Attributes = { class: name, d: `M${points.join("L")}Z` };
  return svgElement("path", attributes, ...content);
}
