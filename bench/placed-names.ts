/** Names beside the points of a plot, where there is room for them. */
import { escapeText, num } from "../src/eval/markup.js";

export interface NamedPoint {
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const CHARACTER = 6.3;
const HEIGHT = 12;
const FONT_SIZE = 11;
/** From a point's centre to its name. */
const GAP = 8;
/** Half the side of a point. */
const RADIUS = 5;

const meet = (a: Box, b: Box): boolean =>
  a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height;

const isWithin = (box: Box, frame: Box): boolean =>
  box.left >= frame.left &&
  box.top >= frame.top &&
  box.left + box.width <= frame.left + frame.width &&
  box.top + box.height <= frame.top + frame.height;

/** Places for a name: right, left, above and below its point. */
function placesOf({ text, x, y }: NamedPoint): Box[] {
  const width = text.length * CHARACTER;
  const beside = y - HEIGHT / 2;
  return [
    { left: x + GAP, top: beside, width, height: HEIGHT },
    { left: x - GAP - width, top: beside, width, height: HEIGHT },
    { left: x - width / 2, top: y - GAP - HEIGHT, width, height: HEIGHT },
    { left: x - width / 2, top: y + GAP, width, height: HEIGHT },
  ];
}

const around = ({ x, y }: Pick<NamedPoint, "x" | "y">): Box => ({
  left: x - RADIUS,
  top: y - RADIUS,
  width: 2 * RADIUS,
  height: 2 * RADIUS,
});

/**
 * SVG of the names that fit: inside the frame, over no point, no other name, and none of the places to `avoid`. A point
 * without one has its tooltip.
 */
export function placedNames(
  points: readonly NamedPoint[],
  frame: Box,
  avoid: readonly Pick<NamedPoint, "x" | "y">[],
): string {
  const taken: Box[] = [...points, ...avoid].map(around);
  const names = points.flatMap((point) => {
    const place = placesOf(point).find((box) => isWithin(box, frame) && !taken.some((other) => meet(box, other)));
    if (!place) return [];
    taken.push(place);
    const at = `x="${num(place.left)}" y="${num(place.top + HEIGHT - 2)}"`;
    return [`<text class="v" ${at} style="font-size:${FONT_SIZE}px">${escapeText(point.text)}</text>`];
  });
  return names.join("");
}
