/**
 * Which pictures a command works on, and where their label maps are: files, patterns, folders, and PASCAL VOC's layout.
 * Deals in names only; decodes nothing.
 */
import { existsSync } from "node:fs";
import { readFile, readdir, stat } from "node:fs/promises";
import { dirname, join, normalize, resolve, sep } from "node:path";
import { defined } from "../base/defined.js";
import { PICTURE_ENDINGS } from "../image/decode.js";
import { UsageError } from "./command.js";
import { stem } from "./files.js";
import { expandPattern, isPattern } from "./patterns.js";

export interface DatasetItem {
  /** Names the picture in results: the path as given, with forward slashes, or VOC's id. */
  readonly key: string;
  /** Path of the picture. */
  readonly picture: string;
  /** Path of its label map, where there is one. */
  readonly label?: string;
}

const isPicture = (path: string): boolean => PICTURE_ENDINGS.some((ending) => path.toLowerCase().endsWith(ending));
const keyOf = (path: string): string => normalize(path).split(sep).join("/");
const withoutEnding = (path: string): string => join(dirname(path), stem(path));

/** By code units, the same on every machine. */
function byName(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** `a.b.c` to `a` and `a.b`: names of pictures that a file of this name may belong to. */
function namesBefore(name: string): string[] {
  const parts = name.split(".");
  const names = parts.slice(1).map((_, i) => parts.slice(0, i + 1).join("."));
  return names.filter((before) => before !== "");
}

/**
 * The pictures among files that were found in a folder or by a pattern. Leaves out files about another picture: beside
 * `cat.jpg` these are `cat.label.png` and `cat.overlay.png`.
 */
function ownPictures(paths: readonly string[]): string[] {
  const pictures = paths.filter(isPicture);
  const names = new Set(pictures.map(withoutEnding));
  const isAboutAnother = (path: string): boolean =>
    namesBefore(stem(path)).some((name) => names.has(join(dirname(path), name)));
  return pictures.filter((path) => !isAboutAnother(path));
}

async function picturesInFolder(command: string, folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(folder, entry.name));
  const found = ownPictures(files);
  if (!found.length)
    throw new UsageError(`${command}: the folder ${folder} holds no picture (${PICTURE_ENDINGS.join(", ")})`);
  return found;
}

/** An existing file or folder is taken by its name, also where the name looks like a pattern. @throws UsageError */
async function expandInput(command: string, input: string): Promise<string[]> {
  const info = await stat(input).catch(() => undefined);
  if (info?.isFile()) return [input];
  if (info?.isDirectory()) return picturesInFolder(command, input);
  if (!isPattern(input)) throw new UsageError(`${command}: there is no file or folder ${input}`);
  const found = ownPictures(await expandPattern(command, keyOf(input)));
  if (!found.length) throw new UsageError(`${command}: the pattern ${input} matches no picture`);
  return found;
}

/** `NAME.label.png` beside the picture; in the folder `labels`, where given, `NAME.png` or `NAME.label.png`. */
function labelOf(picture: string, labels: string | undefined): string | undefined {
  const name = stem(picture);
  const places =
    labels === undefined
      ? [`${withoutEnding(picture)}.label.png`]
      : [join(labels, `${name}.png`), join(labels, `${name}.label.png`)];
  return places.find((place) => existsSync(place));
}

/**
 * Files, folders (without the folders in them) and patterns. Each picture once, sorted by name.
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
  const found = new Map<string, DatasetItem>();
  for (const input of inputs) {
    for (const picture of await expandInput(command, input)) {
      const path = resolve(picture);
      if (found.has(path)) continue;
      found.set(path, { key: keyOf(picture), picture, ...defined({ label: labelOf(picture, labels) }) });
    }
  }
  return [...found.values()].sort((a, b) => byName(a.key, b.key));
}

const SHOWN_CHARACTERS = 80;

/**
 * One split of PASCAL VOC's segmentation task, sorted by id.
 * @param root the folder that holds ImageSets, JPEGImages and SegmentationClass
 * @throws UsageError
 * @see http://host.robots.ox.ac.uk/pascal/VOC/voc2012/
 */
export async function listVoc(command: string, root: string, split: string): Promise<DatasetItem[]> {
  const list = join(root, "ImageSets/Segmentation", `${split}.txt`);
  const text = await readFile(list, "utf8").catch(() => undefined);
  if (text === undefined)
    throw new UsageError(
      `${command}: there is no list ${list}; ` +
        "--voc takes the folder that holds ImageSets, JPEGImages and SegmentationClass",
    );
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const ids = lines.filter((line) => line !== "");
  if (!ids.length) throw new UsageError(`${command}: the list ${list} is empty`);
  const wrong = ids.find((id) => !/^[\w.-]+$/.test(id));
  if (wrong !== undefined) {
    const shown = JSON.stringify(wrong.slice(0, SHOWN_CHARACTERS));
    throw new UsageError(`${command}: ${list} has a line that is no picture's name: ${shown}`);
  }
  return [...new Set(ids)].sort(byName).map((id) => {
    const label = join(root, "SegmentationClass", `${id}.png`);
    return { key: id, picture: join(root, "JPEGImages", `${id}.jpg`), ...(existsSync(label) ? { label } : {}) };
  });
}

/** The part `i/n` of a list, i from 1: every n-th picture, so that all parts are alike. @throws UsageError */
export function shardOf<T>(command: string, items: readonly T[], shard: string): T[] {
  const [, part, parts] = /^(\d{1,6})\/(\d{1,6})$/.exec(shard)?.map(Number) ?? [];
  if (part === undefined || parts === undefined || part < 1 || part > parts)
    throw new UsageError(`${command}: --shard ${shard} is not of the form i/n with i from 1 to n, as in 1/8`);
  return items.filter((_, index) => index % parts === part - 1);
}
