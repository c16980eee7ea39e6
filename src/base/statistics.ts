/**
 * Statistics of measurements. Times are reported as medians, because one late run on a shared machine must not move
 * them.
 */

/** NaN for an empty list. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const count = sorted.length; // of an empty list both are undefined, whose sum is NaN
  return ((sorted[(count - 1) >> 1] as number) + (sorted[count >> 1] as number)) / 2;
}

/** The value below which this share of the values lies, between two of them where needed; NaN for an empty list. */
export function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] ?? NaN;
  const high = sorted[below + 1] ?? low;
  return low + (place - below) * (high - low);
}
