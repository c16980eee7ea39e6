/** How numbers and variants are written for people, in tables and plots alike. */

const TITLES: ReadonlyMap<string, string> = new Map([
  ["fcn32s", "FCN-32s"],
  ["fcn16s", "FCN-16s"],
  ["fcn8s", "FCN-8s"],
  ["fcn-resnet50", "FCN-ResNet50"],
  ["fcn-resnet101", "FCN-ResNet101"],
  ["fcn-resnet152", "FCN-ResNet152"],
  ["all", "all variants"],
]);

/** "fcn8s" as "FCN-8s". */
export const variantTitle = (variant: string): string => TITLES.get(variant) ?? variant;

/** Paths without the leading folders that all of them share. */
export function shortNames(paths: readonly string[]): string[] {
  const [first = [], ...others] = paths.map((path) => path.split("/").slice(0, -1));
  let shared = first.length;
  for (const folders of others) {
    const different = first.findIndex((folder, i) => i < shared && folder !== folders[i]);
    if (different >= 0) shared = different;
  }
  return paths.map((path) => path.split("/").slice(shared).join("/"));
}

const isMissing = (value: number | undefined): value is undefined => value === undefined || Number.isNaN(value);

/** A share from 0 to 1 in percent, without the sign; "-" when it is missing or NaN. */
export const formatPercent = (share: number | undefined, digits = 1): string =>
  isMissing(share) ? "-" : (100 * share).toFixed(digits);

/** One decimal below 10 ms; "-" when it is missing or NaN. */
export function milliseconds(ms: number | undefined): string {
  if (isMissing(ms)) return "-";
  return ms < 10 ? ms.toFixed(1) : String(Math.round(ms));
}

/** Billions: GFLOP. Two decimals below 10, else one. */
export const giga = (flops: number): string => (flops / 1e9).toFixed(flops < 1e10 ? 2 : 1);
/** Millions: parameters. Two decimals below 10, else one. */
export const mega = (count: number): string => (count / 1e6).toFixed(count < 1e7 ? 2 : 1);
/** Bytes in MiB (2^20). */
export const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
