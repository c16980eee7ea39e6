/**
 * Which pictures a command works on, and where their label maps are: files, patterns, folders, and PASCAL VOC's layout.
 * Deals in names only; decodes nothing.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { defined } from "../base/defined.js";
import { UsageError } from "./command.js";
import { Skipped, expandInput, pathKey } from "./find-pictures.js";
import type { Search } from "./find-pictures.js";
import { labelOf } from "./label-files.js";
import { printAtEnd, printNote } from "./output.js";

export interface DatasetItem {
  /** Names the picture in results: the path as given, with forward slashes, or VOC's id. */
  readonly key: string;
  /** Path of the picture. */
  readonly picture: string;
  /** Path of its label map, where there is one. */
  readonly label?: string;
}

/** By code units, the same on every machine. */
export function byName(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Says at the end of the program how many files were left out and why. */
function startSearch(command: string): Search {
  const skipped = new Skipped();
  printAtEnd(() => {
    const left = skipped.describe();
    return left === undefined ? undefined : `fcn: ${command}: ${left}`;
  });
  return { command, skipped, warn: (message) => printNote(`fcn: ${message}`) };
}

/**
 * Files, folders (without the folders in them), pipes and patterns. Each picture once, sorted by name. A folder that
 * cannot be read is a warning. The last line on stderr says how many files were left out and why.
 * @param labels folder of the label maps; default: beside the pictures
 * @throws UsageError
 */
export async function listPictures(
  command: string,
  inputs: readonly string[],
  labels?: string,
): Promise<DatasetItem[]> {
  if (labels !== undefined && !existsSync(labels))
    throw new UsageError(`${command}: there is no folder ${labels} (--labels)`);
  const search = startSearch(command);
  const found = new Map<string, DatasetItem>();
  for (const input of inputs) {
    for (const picture of await expandInput(search, input)) {
      search.skipped.forget(picture);
      const path = resolve(picture);
      if (found.has(path)) continue;
      found.set(path, { key: pathKey(picture), picture, ...defined({ label: labelOf(picture, labels) }) });
    }
  }
  if (inputs.length && !found.size)
    throw new UsageError(`${command}: no picture is left; ${search.skipped.describe() ?? "name others"}`);
  return [...found.values()].sort((a, b) => byName(a.key, b.key));
}

/** The part `i/n` of a list, i from 1: every n-th picture, so that all parts are alike. @throws UsageError */
export function shardOf<T>(command: string, items: readonly T[], shard: string): T[] {
  const [, part, parts] = /^(\d{1,6})\/(\d{1,6})$/.exec(shard)?.map(Number) ?? [];
  if (part === undefined || parts === undefined || part < 1 || part > parts)
    throw new UsageError(`${command}: --shard ${shard} is not of the form i/n with i from 1 to n, as in 1/8`);
  return items.filter((_, index) => index % parts === part - 1);
}
