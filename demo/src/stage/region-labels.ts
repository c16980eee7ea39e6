/** The names of classes on their regions, where they have room. */
import { screenColour } from "../colours.js";
import type { Point, Segmented } from "../messages.js";
import { element } from "../ui/elements.js";
import type { PanelContent } from "./comparisons.js";
import type { Panel } from "./panel.js";

/** Half the height of a name, and about half the width of a letter, in CSS pixels. */
const HALF_HEIGHT = 8;
const HALF_LETTER = 3.6;
/** Text may reach over a region's largest circle: a region is rarely round. */
const REACH_OVER = 1.6;

export interface NamedRegions {
  /** Undefined where there are no names. */
  readonly result: Segmented | undefined;
  /** Where the divider stands, as a share of the width. */
  readonly split: number;
  readonly nameOf: (label: number) => string;
}

export function showRegionNames(
  panels: readonly Panel[],
  contents: readonly PanelContent[],
  { result, split, nameOf }: NamedRegions,
): void {
  contents.forEach(({ layering: { variant, left, against } }, slot) => {
    const panel = panels[slot];
    if (!panel) return;
    const namesOf = (network: string | undefined, from: number, to: number): HTMLElement[] => {
      if (!result || network === undefined) return [];
      const scale = panel.surface.clientWidth / result.width;
      const area = { regions: result.regions[network] ?? [], width: result.width, height: result.height, scale };
      return regionLabels({ ...area, nameOf, between: [from, to] });
    };
    panel.names.replaceChildren(
      ...namesOf(left?.variant, 0, split),
      ...namesOf(against === undefined ? variant : undefined, left ? split : 0, 1),
    );
  });
}

/** Hides names that are half under a loupe. `at` is its middle as a share of the panel; undefined without loupes. */
export function hideUnderLenses(panels: readonly Panel[], at: Point | undefined): void {
  for (const panel of panels) hideUnder(panel, at);
}

function hideUnder({ names, surface, lens }: Panel, at: Point | undefined): void {
  const radius = lens.clientWidth / 2;
  const within = (value: number, size: number): number => Math.min(size - radius, Math.max(radius, value * size));
  const middle = at && { x: within(at.x, surface.clientWidth), y: within(at.y, surface.clientHeight) };
  for (const name of names.children) {
    if (!(name instanceof HTMLElement)) continue;
    const aside = middle ? Math.max(0, Math.abs(name.offsetLeft - middle.x) - name.offsetWidth / 2) : Infinity;
    const above = middle ? Math.abs(name.offsetTop - middle.y) - name.offsetHeight / 2 : Infinity;
    name.hidden = Math.hypot(aside, Math.max(0, above)) < radius;
  }
}

interface LabelledArea extends Pick<NamedRegions, "nameOf"> {
  readonly regions: Segmented["regions"][string];
  readonly width: number;
  readonly height: number;
  /** CSS pixels to a pixel of the picture. */
  readonly scale: number;
  /** Columns whose names are shown, as shares of the width. */
  readonly between: readonly [number, number];
}

function regionLabels({ regions, width, height, scale, nameOf, between }: LabelledArea): HTMLElement[] {
  return regions.flatMap(({ label, x, y, radius }) => {
    const text = nameOf(label);
    const [across, down] = [(x + 0.5) / width, (y + 0.5) / height];
    const room = Math.hypot(HALF_HEIGHT, HALF_LETTER * text.length);
    if (radius * scale * REACH_OVER < room || across < between[0] || across > between[1]) return [];
    const name = element("span", "region", text);
    name.style.left = `${across * 100}%`;
    name.style.top = `${down * 100}%`;
    name.style.setProperty("--colour", screenColour(label));
    return [name];
  });
}
