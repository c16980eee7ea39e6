/** Strokes of a brush over pictures, and the labels that they give to pixels. */

/** Positions and radius do not depend on the size at which the picture is shown or seen by the network. */
export interface Stroke {
  /** 0 is the background: "not this". */
  readonly label: number;
  /** Share of the picture's longer side. */
  readonly radius: number;
  /** x, y, x, y and so on: shares of the picture's width and height. */
  readonly points: readonly number[];
}

/** The label of pixels without a stroke. They do not count in the training. */
const UNPAINTED = 255;

/** A label for each pixel of a picture of this size in row order. Later strokes cover earlier ones. */
export function strokeLabels(strokes: readonly Stroke[], width: number, height: number): Uint8Array {
  const labels = new Uint8Array(width * height).fill(UNPAINTED);
  for (const { label, radius, points } of strokes) {
    const reach = Math.max(radius * Math.max(width, height), 0.75); // a dot covers a pixel at least
    for (let i = 0; i < points.length; i += 2) {
      const at = (index: number): readonly [number, number] => [
        (points[index] ?? 0) * width,
        (points[index + 1] ?? 0) * height,
      ];
      const segment = [...at(Math.max(0, i - 2)), ...at(i)] as const;
      paintSegment(labels, width, height, segment, reach, label);
    }
  }
  return labels;
}

type Segment = readonly [x0: number, y0: number, x1: number, y1: number];

/** Labels all pixels whose centre is no farther than `reach` from a line. */
function paintSegment(
  labels: Uint8Array,
  width: number,
  height: number,
  [x0, y0, x1, y1]: Segment,
  reach: number,
  label: number,
): void {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const squared = dx * dx + dy * dy;
  const top = Math.max(0, Math.floor(Math.min(y0, y1) - reach));
  const bottom = Math.min(height - 1, Math.ceil(Math.max(y0, y1) + reach));
  const left = Math.max(0, Math.floor(Math.min(x0, x1) - reach));
  const right = Math.min(width - 1, Math.ceil(Math.max(x0, x1) + reach));
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const [px, py] = [x + 0.5 - x0, y + 0.5 - y0];
      const along = squared > 0 ? Math.min(1, Math.max(0, (px * dx + py * dy) / squared)) : 0;
      const distance = Math.hypot(px - along * dx, py - along * dy);
      if (distance <= reach) labels[y * width + x] = label;
    }
  }
}
