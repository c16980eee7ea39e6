/** How benchmarks compute rates and write numbers. */

/** Billions a second: GFLOP/s of operations, GB/s of bytes. */
export const gigaPerSecond = (amount: number, ms: number): number => amount / ms / 1e6;

/** Three significant digits: more is noise. "-" for a time that is missing. */
export function threeDigits(value: number): string {
  if (Number.isNaN(value)) return "-";
  return value >= 1000 ? String(Math.round(value)) : value.toPrecision(3);
}

export const wholePercent = (share: number): string => (Number.isNaN(share) ? "-" : `${Math.round(100 * share)} %`);

export const wholeMegabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
