/**
 * Statistics of measurements. Times are reported as medians, because one late run on a shared machine must not move
 * them.
 */

/** NaN for an empty list. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = Math.floor(sorted.length / 2);
  const isOdd = sorted.length % 2 === 1;
  if (isOdd) return sorted[upper] ?? NaN;
  return ((sorted[upper - 1] ?? NaN) + (sorted[upper] ?? NaN)) / 2;
}
