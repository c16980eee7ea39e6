/** Colours of strokes and of what was found: the background first, then the classes in order. */

type Rgb = readonly [number, number, number];

const COLOURS: readonly Rgb[] = [
  [38, 44, 50],
  [230, 30, 140],
  [0, 160, 230],
  [255, 176, 0],
  [30, 190, 90],
];

/** Classes that can be taught at once. */
export const MAX_TAUGHT = COLOURS.length - 1;

export const teachColour = (label: number): Rgb => COLOURS[label % COLOURS.length] as Rgb;

export const cssColour = (label: number): string => `rgb(${teachColour(label).join(" ")})`;
