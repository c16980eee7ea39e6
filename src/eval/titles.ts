/** How numbers and variants are written for people, in tables and plots alike. */

const TITLES: Readonly<Record<string, string>> = {
  fcn32s: "FCN-32s",
  fcn16s: "FCN-16s",
  fcn8s: "FCN-8s",
  "fcn-resnet101": "FCN-ResNet101",
  all: "all variants",
};
export const titleOf = (variant: string): string => TITLES[variant] ?? variant;

/** Paths without the folders that all of them begin with: what is left tells the pictures apart. */
export function shortNames(paths: readonly string[]): string[] {
  const [first = [], ...others] = paths.map((path) => path.split("/").slice(0, -1));
  let depth = first.length;
  for (const folders of others) while (first.slice(0, depth).some((folder, i) => folder !== folders[i])) depth--;
  return paths.map((path) => path.split("/").slice(depth).join("/"));
}

export const percent = (share: number | undefined, digits = 1): string =>
  share === undefined || Number.isNaN(share) ? "-" : (100 * share).toFixed(digits);
export const milliseconds = (ms: number | undefined): string =>
  ms === undefined || Number.isNaN(ms) ? "-" : ms < 10 ? ms.toFixed(1) : String(Math.round(ms));
export const giga = (flops: number): string => (flops / 1e9).toFixed(flops < 1e10 ? 2 : 1);
export const mega = (count: number): string => (count / 1e6).toFixed(count < 1e7 ? 2 : 1);
export const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
