/** PASCAL VOC's layout of folders. Deals in names only; decodes nothing. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { nativePath } from "../base/native-path.js";
import { PICTURE_ENDINGS } from "../image/decode.js";
import { whyUnreadable } from "../image/read-file.js";
import { UsageError } from "./command.js";
import { byName } from "./datasets.js";
import type { DatasetItem } from "./datasets.js";
import { noneHasLabels } from "./label-files.js";
import { printNote } from "./output.js";

const SHOWN_CHARACTERS = 80;
/** VOC's own format first. */
const ENDINGS = [".jpg", ...PICTURE_ENDINGS.filter((ending) => ending !== ".jpg")];
const SPELLINGS = ENDINGS.flatMap((ending) => [ending, ending.toUpperCase()]);

/** A name of a file, maybe in a folder below, but of nothing outside. */
function isInside(id: string): boolean {
  const parts = id.split(/[\\/]/);
  const isPlain = !/[\u0000-\u001f\u007f]/u.test(id);
  return isPlain && !/^[A-Za-z]:/.test(id) && parts.every((part) => part !== "" && part !== "." && part !== "..");
}

function itemOf(root: string, id: string): DatasetItem {
  const pictures = join(root, "JPEGImages");
  const isWhole = PICTURE_ENDINGS.some((ending) => ending === extname(id).toLowerCase());
  const names = [...(isWhole ? [id] : []), ...SPELLINGS.map((ending) => id + ending)];
  const found = names.find((name) => existsSync(nativePath(join(pictures, name))));
  const bare = found === id ? id.slice(0, -extname(id).length) : id;
  const label = join(root, "SegmentationClass", `${bare}.png`);
  const picture = join(pictures, found ?? `${id}.jpg`);
  return { key: id, picture, ...(existsSync(nativePath(label)) ? { label } : {}) };
}

/** A list may name a picture by its id and by its file. The id stays. */
function onceEach(items: readonly DatasetItem[]): DatasetItem[] {
  const found = new Map<string, DatasetItem>();
  for (const item of items) if (!found.has(item.picture)) found.set(item.picture, item);
  return [...found.values()];
}

interface VocOptions {
  /** Whether a split without any label map is worth a warning. */
  readonly needsLabels: boolean;
}

/**
 * One split of PASCAL VOC's segmentation task, sorted by id, each picture once.
 * Pictures may have any format that can be read, and any name of a file.
 * @param root the folder that holds ImageSets, JPEGImages and SegmentationClass
 * @throws UsageError
 * @see http://host.robots.ox.ac.uk/pascal/VOC/voc2012/
 */
export async function listVoc(
  command: string,
  root: string,
  split: string,
  { needsLabels }: VocOptions = { needsLabels: true },
): Promise<DatasetItem[]> {
  const list = join(root, "ImageSets/Segmentation", `${split}.txt`);
  const text = await readFile(nativePath(list), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (!["ENOENT", "ENOTDIR"].includes(error.code ?? ""))
      throw new UsageError(`${command}: ${list} cannot be read: ${whyUnreadable(error)}`, { cause: error });
  });
  if (text === undefined)
    throw new UsageError(
      `${command}: there is no list ${list}; ` +
        "--voc takes the folder that holds ImageSets, JPEGImages and SegmentationClass",
    );
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const ids = lines.filter((line) => line !== "");
  if (!ids.length) throw new UsageError(`${command}: the list ${list} is empty`);
  const wrong = ids.find((id) => !isInside(id));
  if (wrong !== undefined) {
    const shown = JSON.stringify(wrong.slice(0, SHOWN_CHARACTERS));
    throw new UsageError(`${command}: ${list} has a line that is no picture's name: ${shown}`);
  }
  const items = onceEach([...new Set(ids)].sort(byName).map((id) => itemOf(root, id)));
  if (needsLabels && !items.some(({ label }) => label !== undefined)) {
    const folder = join(root, "SegmentationClass");
    printNote(`fcn ${command}: ${noneHasLabels(items.length)} in ${folder}; accuracy is left out`);
  }
  return items;
}
