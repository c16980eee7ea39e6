/**
 * Which pictures a command works on, and where their label maps are: files, globs, folders, and PASCAL VOC's layout. Only names;
 * nothing is decoded here.
 */
import { existsSync } from "node:fs";
import { readFile, readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join, normalize, resolve, sep } from "node:path";
import { PICTURE_ENDINGS } from "../image/decode.js";
import { UsageError } from "./command.js";
import { expandPattern, isPattern } from "./patterns.js";

export interface Item {
  /** Names the picture in results: the path as given, with forward slashes, or VOC's id. */
  readonly key: string;
  readonly picture: string;
  readonly label?: string;
}

const isPicture = (path: string): boolean => PICTURE_ENDINGS.some((ending) => path.toLowerCase().endsWith(ending));
const keyOf = (path: string): string => normalize(path).split(sep).join("/");
const stemOf = (path: string): string => join(dirname(path), basename(path, extname(path)));
const byKey = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * What was found by looking, less what belongs to another picture: with `cat.jpg` there, `cat.label.png` and `cat.overlay.png`
 * are about it and no pictures of their own.
 */
function ownPictures(paths: readonly string[]): string[] {
  const pictures = paths.filter(isPicture);
  const stems = new Set(pictures.map(stemOf));
  const belongs = (path: string): boolean => {
    const name = basename(stemOf(path));
    for (let dot = name.indexOf(".", 1); dot > 0; dot = name.indexOf(".", dot + 1))
      if (stems.has(join(dirname(path), name.slice(0, dot)))) return true;
    return false;
  };
  return pictures.filter((path) => !belongs(path));
}

async function expand(command: string, input: string): Promise<string[]> {
  const info = await stat(input).catch(() => undefined);
  if (info?.isFile()) return [input];
  if (info?.isDirectory()) {
    const names = await readdir(input, { withFileTypes: true });
    const found = ownPictures(names.filter((entry) => !entry.isDirectory()).map((entry) => join(input, entry.name)));
    if (!found.length)
      throw new UsageError(`${command}: the folder ${input} holds no picture (${PICTURE_ENDINGS.join(", ")})`);
    return found;
  }
  if (!isPattern(input)) throw new UsageError(`${command}: there is no file or folder ${input}`);
  const found = ownPictures(await expandPattern(command, keyOf(input)));
  if (!found.length) throw new UsageError(`${command}: the pattern ${input} matches no picture`);
  return found;
}

function labelOf(picture: string, labels: string | undefined): string | undefined {
  const stem = stemOf(picture);
  const places =
    labels === undefined
      ? [`${stem}.label.png`]
      : [join(labels, `${basename(stem)}.png`), join(labels, `${basename(stem)}.label.png`)];
  return places.find((place) => existsSync(place));
}

/** Files, folders (not what lies deeper) and patterns, each picture once, in the order of their names. @throws UsageError */
export async function listPictures(command: string, inputs: readonly string[], labels?: string): Promise<Item[]> {
  if (labels !== undefined && !existsSync(labels))
    throw new UsageError(`${command}: there is no folder ${labels} (--labels)`);
  const found = new Map<string, Item>();
  for (const input of inputs) {
    for (const picture of await expand(command, input)) {
      const label = labelOf(picture, labels);
      const item = { key: keyOf(picture), picture, ...(label === undefined ? {} : { label }) };
      if (!found.has(resolve(picture))) found.set(resolve(picture), item);
    }
  }
  return [...found.values()].sort((a, b) => byKey(a.key, b.key));
}

/** One split of PASCAL VOC's segmentation task. http://host.robots.ox.ac.uk/pascal/VOC/voc2012/ @throws UsageError */
export async function listVoc(command: string, root: string, split: string): Promise<Item[]> {
  const list = join(root, "ImageSets/Segmentation", `${split}.txt`);
  const text = await readFile(list, "utf8").catch(() => undefined);
  if (text === undefined)
    throw new UsageError(
      `${command}: there is no list ${list}; --voc takes the folder that holds ImageSets, JPEGImages and SegmentationClass`,
    );
  const ids = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter(Boolean);
  if (!ids.length) throw new UsageError(`${command}: the list ${list} is empty`);
  const strange = ids.find((id) => !/^[\w.-]+$/.test(id));
  if (strange !== undefined)
    throw new UsageError(
      `${command}: ${list} has a line that is no picture's name: ${JSON.stringify(strange.slice(0, 80))}`,
    );
  return [...new Set(ids)].sort(byKey).map((id) => {
    const label = join(root, "SegmentationClass", `${id}.png`);
    return { key: id, picture: join(root, "JPEGImages", `${id}.jpg`), ...(existsSync(label) ? { label } : {}) };
  });
}

/** The part `i/n` of a list, i from 1: every n-th picture, so that parts are alike. @throws UsageError */
export function shardOf<T>(command: string, items: readonly T[], shard: string): T[] {
  const [, i, n] = /^(\d{1,6})\/(\d{1,6})$/.exec(shard)?.map(Number) ?? [];
  if (i === undefined || n === undefined || i < 1 || i > n)
    throw new UsageError(`${command}: --shard ${shard} is not of the form i/n with i from 1 to n, as in 1/8`);
  return items.filter((_, at) => at % n === i - 1);
}
