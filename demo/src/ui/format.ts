/** Numbers with their units, on one line. Limits such as 99.5 are where rounding would add a digit. */

/** A share in percent. Shares near 0 and 1 are not rounded to 0 % and 100 %. */
export function formatShare(share: number): string {
  if (share > 0 && share < 0.001) return "<0.1\u00a0%";
  if (share < 1 && share > 0.9995) return ">99.9\u00a0%";
  return `${(share * 100).toFixed(1)}\u00a0%`;
}

/** As formatShare(), for a column whose head has the unit. */
export const formatUnitless = (share: number): string =>
  share === 1 ? "100" : formatShare(share).replace("\u00a0%", "");

/** Three digits from 100 ms on, one decimal below. */
export function formatDuration(ms: number): string {
  if (ms >= 999.5) return `${(ms / 1000).toPrecision(3)}\u00a0s`;
  if (ms >= 99.5) return `${ms.toFixed(0)}\u00a0ms`;
  return `${ms.toFixed(1)}\u00a0ms`;
}

/** Seconds with two digits, for a sentence. */
export function formatRoughly(ms: number): string {
  if (ms < 99.5) return `${ms.toFixed(0)}\u00a0ms`;
  return ms < 9950 ? `${(ms / 1000).toPrecision(2)}\u00a0s` : `${(ms / 1000).toFixed(0)}\u00a0s`;
}

export const formatMegabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
