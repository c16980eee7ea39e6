/** How numbers and variants are written for people, in tables and plots alike. */
import { distinct } from "../models/set-names.js";
import type { Interval } from "./bootstrap.js";
import type { Summary } from "./summary.js";

const TITLES: ReadonlyMap<string, string> = new Map([
  ["fcn32s", "FCN-32s"],
  ["fcn16s", "FCN-16s"],
  ["fcn8s", "FCN-8s"],
  ["fcn-resnet50", "FCN-ResNet50"],
  ["fcn-resnet101", "FCN-ResNet101"],
  ["fcn-resnet152", "FCN-ResNet152"],
  ["all", "all variants"],
]);

/** What follows the variant in the name of a network of a set. */
const OF = /^(\S+)( of .*)$/s;

/** The variant of a network: "fcn8s" of "fcn8s of photos". */
export const variantOf = (network: string): string => OF.exec(network)?.[1] ?? network;

/** "fcn8s" as "FCN-8s", and "fcn8s of photos" as "FCN-8s of photos". */
export function variantTitle(network: string): string {
  const [, variant = network, rest = ""] = OF.exec(network) ?? [];
  return rest && variant === "all" ? network : (TITLES.get(variant) ?? variant) + rest;
}

/** Characters of the part of a file's name that stands for a network. */
const LONGEST_FILE = 100;

/** Parts of names of files that stand for networks, no two alike: lower-case letters, digits and hyphens. */
export function fileNames(networks: readonly string[]): ReadonlyMap<string, string> {
  const slugs = networks.map((network) =>
    network
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .slice(0, LONGEST_FILE)
      .replace(/-+$/, ""),
  );
  const names = distinct(slugs, "-");
  return new Map(networks.map((network, i) => [network, names[i] ?? ""]));
}

/** Networks that a title names one by one at most. */
const MOST_NAMED = 4;

/** The names of the networks, or how many of which weights. */
export function titleOf({ header, groups }: Pick<Summary, "header" | "groups">): string {
  const { variants } = header;
  if (variants.length <= MOST_NAMED) return variants.map(variantTitle).join(", ");
  return `${variants.length} networks of ${groups.map(({ name }) => name).join(", ")}`;
}

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

/** A number with its unit; "-" where it is missing. */
export const withUnit = (text: string, unit: string): string => (text === "-" ? text : `${text} ${unit}`);

const MINUS = "\u2212";

/** So many decimals, with a real minus, which zero has not. */
export function formatNumber(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) > 0 ? MINUS + text : text;
}

/** A difference of shares in percentage points, with its sign; "-" for NaN. */
export function formatPoints(difference: number): string {
  if (Number.isNaN(difference)) return "-";
  return `${difference >= 0 ? "+" : ""}${formatNumber(100 * difference, 1)}`;
}

/** "70.1 to 74.5", in percent; "-" when it is missing. */
export const percentBetween = (ends: Interval | undefined): string =>
  ends ? `${formatPercent(ends.low)} to ${formatPercent(ends.high)}` : "-";

/** One decimal below 10 ms; "-" when it is missing or NaN. */
export function milliseconds(ms: number | undefined): string {
  if (isMissing(ms)) return "-";
  return ms < 10 ? ms.toFixed(1) : String(Math.round(ms));
}

/** "61 to 66"; "-" when it is missing. */
export const millisecondsBetween = (ends: Interval | undefined): string =>
  ends ? `${milliseconds(ends.low)} to ${milliseconds(ends.high)}` : "-";

/** Billions: GFLOP. Two decimals below 10, else one. */
export const giga = (flops: number): string => (flops / 1e9).toFixed(flops < 1e10 ? 2 : 1);
/** Millions: parameters. Two decimals below 10, else one. */
export const mega = (count: number): string => (count / 1e6).toFixed(count < 1e7 ? 2 : 1);
/** Bytes in MiB (2^20). */
export const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
