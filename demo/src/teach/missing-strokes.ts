/** What a training still lacks. */
import type { PaintedPicture } from "./messages.js";

/** A sentence that says what to paint; undefined where there is enough. The first of `names` is the background's. */
export function missingStrokes(pictures: readonly PaintedPicture[], names: readonly string[]): string | undefined {
  const painted = new Set(pictures.flatMap(({ strokes }) => strokes.map(({ label }) => label)));
  const missing = names.findIndex((_, label) => label > 0 && !painted.has(label));
  if (missing > 0) return `Paint a stroke of “${names[missing]}” first.`;
  if (painted.size < 2) return `Paint a stroke of what it is not, too, with the brush “${names[0]}”.`;
  return undefined;
}
