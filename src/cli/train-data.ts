/** The pictures of a training: which ones, which are held out, and which can be used. */
import { createHash } from "node:crypto";
import { messageOf } from "../base/errors.js";
import { fnv1a } from "../base/hash.js";
import { seeded } from "../base/random.js";
import { isPictureError } from "../image/decode.js";
import { describeOutside } from "../image/label-meaning.js";
import { whyUnreadable } from "../image/read-file.js";
import { distinctItems, identityOfItem } from "./compare-items.js";
import { UsageError } from "./command.js";
import { byName, listPictures } from "./datasets.js";
import type { DatasetItem } from "./datasets.js";
import { checkLabels, noneHasLabels } from "./label-files.js";
import { oneLine, printError, printNote } from "./output.js";
import { hashOfFile } from "./picture-list.js";
import { itemBar } from "./progress.js";
import type { SampleReader } from "./train-samples.js";
import type { TrainValues } from "./train-options.js";
import { listVoc } from "./voc.js";

/** Pictures from which on a share is held out without being asked for, and the share. */
const FROM_PICTURES = 5;
const DEFAULT_SHARE = 0.2;

/** Names that a message shows at most. */
const SHOWN_NAMES = 4;

/** Pictures to train on, and to measure on. */
export interface Divided {
  readonly training: readonly DatasetItem[];
  /** Pictures on which each epoch is measured; maybe none. */
  readonly heldOut: readonly DatasetItem[];
}

export interface TrainingData extends Divided {
  /** What is measured with: label maps, or what the teacher says. */
  readonly truth: "labels" | "teacher";
}

export const isLabelled = ({ label }: DatasetItem): boolean => label !== undefined;

function labelledOf(what: string, items: readonly DatasetItem[]): DatasetItem[] {
  const labelled = items.filter(isLabelled);
  if (!labelled.length)
    throw new UsageError(
      `train: ${noneHasLabels(items.length, ` ${what}`)}; ` +
        "the map of NAME.jpg is NAME.label.png beside it, or NAME.png in the folder --labels",
    );
  const without = items.length - labelled.length;
  if (without) printNote(`fcn train: of ${items.length} pictures ${what}, ${without} without a label map: left out`);
  return labelled;
}

async function listed(inputs: readonly string[], labels: string | undefined): Promise<DatasetItem[]> {
  const items = distinctItems(await listPictures("train", inputs, labels));
  if (labels !== undefined) checkLabels("train", items, labels);
  return items;
}

const listedVoc = ({ teacher }: TrainValues, folder: string, split: string): Promise<DatasetItem[]> =>
  listVoc("train", folder, split, { needsLabels: teacher === undefined });

/** The pictures to train on, before any is held out. With a teacher also those without maps. @throws UsageError */
export async function trainingItems(values: TrainValues, inputs: readonly string[]): Promise<DatasetItem[]> {
  const { voc, split, labels, teacher } = values;
  const all = teacher === undefined ? labelledOf : (_: string, items: DatasetItem[]) => items;
  if (voc !== undefined) {
    if (inputs.length) throw new UsageError(`train: --voc has its own list of pictures; leave out ${inputs.join(" ")}`);
    return all(`of the list ${split}`, await listedVoc(values, voc, split));
  }
  if (!inputs.length) {
    const which = teacher === undefined ? "labelled pictures" : "pictures";
    throw new UsageError(`train: name ${which}, a folder or a pattern, or a PASCAL VOC folder with --voc`);
  }
  return all("to train on", await listed(inputs, labels));
}

/**
 * The pictures of --val or of VOC's list; undefined where a share is held out. With a teacher none of them needs a
 * label map, but where some have one, only those count. @throws UsageError
 */
export async function measuredItems(values: TrainValues): Promise<DatasetItem[] | undefined> {
  const { val, voc, teacher } = values;
  const split = values["val-split"];
  const counted = (what: string, items: readonly DatasetItem[]): readonly DatasetItem[] =>
    teacher !== undefined && !items.some(isLabelled) ? items : labelledOf(what, items);
  if (val !== undefined) return [...counted("of --val", await listed([val], values["val-labels"]))];
  if (voc === undefined || values["hold-out"] !== undefined) return undefined;
  return [...counted(`of the list ${split}`, await listedVoc(values, voc, split))];
}

interface HoldOut {
  readonly share: number | undefined;
  readonly seed: number;
  /** Pictures that may be held out. Default: all. */
  readonly from?: readonly DatasetItem[];
}

/** Puts a share of the items aside, drawn with the seed. */
export function holdOut(items: readonly DatasetItem[], { share, seed, from = items }: HoldOut): Divided {
  const wanted = share ?? (items.length >= FROM_PICTURES ? DEFAULT_SHARE : 0);
  if (wanted === 0) return { training: items, heldOut: [] };
  const count = Math.min(items.length - 1, Math.max(1, Math.round(items.length * wanted)));
  const drawn = new Set(shuffled(from, `${seed}/held out`).slice(0, count));
  return { training: items.filter((item) => !drawn.has(item)), heldOut: items.filter((item) => drawn.has(item)) };
}

/** Fisher and Yates's shuffle from a seed. */
export function shuffled<T>(items: readonly T[], seed: string): T[] {
  const random = seeded(fnv1a(seed));
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j] as T, result[i] as T];
  }
  return result;
}

/** @throws UsageError for a picture that would be trained on and measured with */
export function checkApart({ training, heldOut }: Divided): void {
  const trained = new Set(training.map(identityOfItem));
  const both = heldOut.find((item) => trained.has(identityOfItem(item)));
  if (both)
    throw new UsageError(
      `train: ${both.picture} is among the pictures to train on and among those to measure on; leave it out of one`,
    );
}

/** The SHA-256 of a file. @throws UsageError when it cannot be read any more */
const contentOf = (path: string): Promise<string> =>
  hashOfFile(path).catch((error: unknown) => {
    throw new UsageError(`train: ${path} cannot be read: ${whyUnreadable(error)}`, { cause: error });
  });

/** Tells one set of pictures from another, by their names and the contents of their files. @throws UsageError */
export async function digestOf({ training, heldOut }: Divided): Promise<string> {
  const hash = createHash("sha256");
  for (const items of [training, heldOut]) {
    hash.update("\n\n");
    for (const { key, picture, label } of items) {
      const contents = [await contentOf(picture), label === undefined ? "" : await contentOf(label)];
      hash.update(JSON.stringify([key, ...contents]));
    }
  }
  return hash.digest("hex");
}

/** "a.png, b.png and 3 more" */
export function someNames(items: readonly DatasetItem[]): string {
  const names = items.slice(0, SHOWN_NAMES).map(({ key }) => key);
  const more = items.length - names.length;
  return names.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/**
 * Reads all pictures once. Those that cannot be used are said and left out.
 * @throws UsageError where none is left
 */
export async function usableItems(items: readonly DatasetItem[], reader: SampleReader): Promise<DatasetItem[]> {
  const bar = itemBar(items.length);
  const usable: DatasetItem[] = [];
  for (const [i, item] of items.entries()) {
    const next = items[i + 1];
    if (next) reader.prefetch([next]);
    try {
      const { labels } = await reader.read(item);
      if (!labels || labels.some((label) => label !== 255)) usable.push(item);
      else
        printError(`fcn train: ${oneLine(item.label ?? item.key)} has no pixel that counts; the picture is left out`);
    } catch (error) {
      if (!isPictureError(error)) throw error;
      bar.clear();
      printError(`fcn train: ${oneLine(messageOf(error))}; the picture is left out`);
    }
    bar.step(item.key);
  }
  bar.clear();
  if (!usable.length) throw new UsageError("train: no picture can be used; the lines above say why");
  return usable.sort((a, b) => byName(a.key, b.key));
}

/** Says which values of label maps have no class. */
export function warnOfValues(reader: SampleReader, classes: number): void {
  const { outside, pixels } = reader;
  if (!outside.size) return;
  const counts = [...outside].sort(([, a], [, b]) => b - a);
  printNote(
    `fcn train: label maps have values that no class has (0 to ${classes - 1}): ${describeOutside(counts, pixels)} ` +
      "of all pixels; they do not count. --void LIST says that this is right, --map VALUE=CLASS which class it is",
  );
}
