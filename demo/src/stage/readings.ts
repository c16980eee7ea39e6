/** What was found at a pixel, in words. */
import type { Point, Reading } from "../messages.js";
import { element } from "../ui/elements.js";
import { formatShare } from "../ui/format.js";
import { networkTitle } from "../variants.js";
import type { PanelContent } from "./comparisons.js";

export interface FoundAt extends Point {
  /** RGB of the picture. */
  readonly colour: readonly [number, number, number];
  readonly readings: readonly Reading[];
}

interface ReadScene {
  /** The picture's. */
  readonly width: number;
  /** Where the divider stands, as a share of the width. */
  readonly split: number;
  readonly nameOf: (label: number) => string;
}

/** For a panel: the picture's colour, or the class that its network found. Only long names are cut to fit. */
export function readingParts(
  { layering: { variant, left, against } }: PanelContent,
  { x, y, colour, readings }: FoundAt,
  { width, split, nameOf }: ReadScene,
): (string | HTMLElement)[] {
  const shown = left && x / width < split ? left.variant : variant;
  const hex = colour.map((value) => value.toString(16).padStart(2, "0")).join("");
  if (shown === undefined) return [`${x}, ${y}  #${hex}`];
  const of = (name: string): Reading | undefined => readings.find((reading) => reading.variant === name);
  const found = of(shown);
  const before = against === undefined ? undefined : of(against);
  if (!found) return [];
  const name = ({ label }: Reading): HTMLElement => element("span", "", nameOf(label));
  if (!before) return [name(found), ` ${formatShare(found.probability)}`];
  if (before.label === found.label) return [name(found), ", both"];
  return [name(before), " → ", name(found)];
}

/** For a person who does not see the panels. */
export function spokenReadings({ x, y, readings }: FoundAt, nameOf: (label: number) => string): string {
  const spoken = readings.map(
    ({ variant, label, probability }) => `${networkTitle(variant)}: ${nameOf(label)}, ${formatShare(probability)}`,
  );
  return `Column ${x}, row ${y}. ${spoken.join(". ")}.`;
}
