/** How many pixels each class covers. */
import type { Segmented } from "../messages.js";

/** Only classes that occur, by variant. */
export function countPixels(labels: Readonly<Record<string, Uint8Array>>): Segmented["counts"] {
  return Object.fromEntries(Object.entries(labels).map(([variant, map]) => [variant, countLabels(map)]));
}

/** Only classes that occur. */
export function countLabels(labels: Uint8Array): Record<number, number> {
  const counts = new Uint32Array(256);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return Object.fromEntries([...counts.entries()].filter(([, pixels]) => pixels > 0));
}
