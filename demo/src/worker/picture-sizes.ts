/** Widths and heights at which pictures are read. */

/** Larger pictures are downscaled by the browser before their pixels are read, to save memory. */
const MAX_PIXELS = 24e6;

export type WidthAndHeight = readonly [width: number, height: number];

/** Downscales a size to MAX_PIXELS: the largest at which decode() gives a file. */
export function withinPixels([width, height]: WidthAndHeight): WidthAndHeight {
  const scale = Math.min(1, Math.sqrt(MAX_PIXELS / (width * height)));
  return fit([width, height], Math.max(width, height) * scale);
}

/** Downscales a size to a longest side of `longest`, keeping its ratio. */
export function fit([width, height]: WidthAndHeight, longest: number): WidthAndHeight {
  const scale = Math.min(1, longest / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}
