/**
 * Which pictures a command works on, and where their label maps are: files, patterns, folders, and PASCAL VOC's layout.
 * Deals in names only; decodes nothing.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { defined } from "../base/defined.js";
import { nativePath } from "../base/native-path.js";
import { UsageError } from "./command.js";
import { Skipped, expandInput, pathKey } from "./find-pictures.js";
import type { Search } from "./find-pictures.js";
import { labelOf } from "./label-files.js";
import { printAtEnd, printNote } from "./output.js";
import { readList } from "./picture-list.js";
import type { ListedPicture } from "./picture-list.js";

export interface DatasetItem {
  /** Names the picture in results: the path as given, with forward slashes, or VOC's id. */
  readonly key: string;
  /** Path of the picture. */
  readonly picture: string;
  /** Path of its label map, where there is one. */
  readonly label?: string;
  /** What a list says of the picture's file. */
  readonly listed?: ListedPicture;
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
  if (labels !== undefined && !existsSync(nativePath(labels)))
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

/** What a command is told to work on: inputs, or a list. */
export interface Chosen {
  readonly inputs: readonly string[];
  /** The file of --list. */
  readonly list?: string | undefined;
}

/** @throws UsageError when both are given */
export function refuseInputsBesideList(command: string, { inputs, list }: Chosen): void {
  if (list !== undefined && inputs.length)
    throw new UsageError(`${command}: --list ${list} names the pictures; leave out ${inputs.slice(0, 3).join(" ")}`);
}

/** The pictures of a list, each once, in its order. Their files are not looked at. @throws UsageError */
export async function listedPictures(command: string, list: string): Promise<ListedPicture[]> {
  const found = new Set<string>();
  return (await readList(command, list)).filter(({ path }) => {
    const before = found.size;
    return found.add(resolve(path)).size > before;
  });
}
