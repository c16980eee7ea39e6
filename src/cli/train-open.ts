/** From the command line to a training that can run: pictures, classes, checkpoint and the header of its log. */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { VOC_CLASSES, numberedNames } from "../image/palette.js";
import { TRAINING_FORMAT } from "../eval/training-records.js";
import type { TrainingHeader } from "../eval/training-records.js";
import { openSource } from "../node.js";
import type { Device } from "../node.js";
import { MemoryFeatures } from "../train/feature-cache.js";
import type { FeatureStore } from "../train/feature-cache.js";
import { namedWeights } from "../weights/catalogue.js";
import type { ByteSource } from "../weights/source.js";
import { readClassNames } from "./class-names.js";
import { UsageError } from "./command.js";
import { DiskFeatures } from "./disk-features.js";
import { checkMeaning } from "./label-options.js";
import { printError } from "./output.js";
import { byteBar } from "./progress.js";
import {
  checkApart,
  digestOf,
  holdOut,
  measuredItems,
  someNames,
  trainingItems,
  usableItems,
  warnOfValues,
} from "./train-data.js";
import type { TrainingData } from "./train-data.js";
import { readClassWeights } from "./train-numbers.js";
import type { FullSettings, TrainRequest, TrainValues } from "./train-options.js";
import { SampleReader } from "./train-samples.js";

/** Labels are bytes, and 255 does not count. */
const MOST_CLASSES = 255;
const LEAST_CLASSES = 2;

export interface OpenData {
  readonly data: TrainingData;
  readonly reader: SampleReader;
  readonly classNames: readonly string[];
}

/** @throws UsageError for fewer than two classes, and as trainingItems() */
export async function openData(
  values: TrainValues,
  inputs: readonly string[],
  { settings, meaning }: TrainRequest,
): Promise<OpenData> {
  const given =
    (await readClassNames("train", values["class-names"])) ?? (values.voc === undefined ? undefined : VOC_CLASSES);
  if (given && (given.length < LEAST_CLASSES || given.length > MOST_CLASSES))
    throw new UsageError(`train: ${given.length} classes are named; a network has ${LEAST_CLASSES} to ${MOST_CLASSES}`);
  const reader = new SampleReader(meaning, given?.length ?? MOST_CLASSES);
  checkMeaning(meaning, given?.length ?? MOST_CLASSES, "train");
  const listed = await trainingItems(values, inputs);
  const measured = await measuredItems(values);
  if (measured) checkApart({ training: listed, heldOut: measured });
  const usable = await usableItems(listed, reader);
  const data = measured
    ? { training: usable, heldOut: await usableItems(measured, reader) }
    : holdOut(usable, settings.holdOut, settings.seed);
  const classNames = given ?? numberedNames(reader.highest + 1);
  if (classNames.length < LEAST_CLASSES)
    throw new UsageError("train: the label maps have no class besides 0; a network has two or more");
  warnOfValues(reader, classNames.length);
  sayData(data, { ...settings, isDrawn: !measured, isNamed: given !== undefined, classes: classNames.length });
  return { data, reader, classNames };
}

interface Said {
  readonly seed: number;
  readonly isDrawn: boolean;
  readonly isNamed: boolean;
  readonly classes: number;
}

function sayData({ training, heldOut }: TrainingData, { seed, isDrawn, isNamed, classes }: Said): void {
  const classText = isNamed ? `${classes} classes` : `${classes} classes, as the highest label says`;
  printError(`fcn train: ${training.length} pictures to train on, ${heldOut.length} held out, ${classText}`);
  if (!heldOut.length)
    printError("fcn train: nothing is held out, so no line tells how good the network is on other pictures");
  else if (isDrawn) printError(`fcn train: held out with seed ${seed}: ${someNames(heldOut)}`);
}

/** The checkpoint's bytes. Downloads, with a bar, what is not there yet. */
export async function openWeightsSource(weights: string): Promise<ByteSource> {
  const bar = byteBar();
  return openSource(weights, { onProgress: (count) => bar.show("downloading", count) }).finally(bar.clear);
}

const CHUNK = 2 ** 24;

async function hashOf(source: ByteSource): Promise<string> {
  const hash = createHash("sha256");
  for (let at = 0; at < source.size; at += CHUNK) hash.update(await source.read(at, Math.min(CHUNK, source.size - at)));
  return hash.digest("hex");
}

/** What ships has the name of its file, wherever the package is. */
function sourceName(weights: string, { name, size }: ByteSource): string {
  const named = namedWeights(weights);
  return named?.sha256 === undefined ? `${name} (${size} bytes)` : basename(named.url.pathname);
}

export async function headerOf(
  values: TrainValues,
  settings: FullSettings,
  { data, classNames }: OpenData,
  { source, device }: { readonly source: ByteSource; readonly device: Device },
): Promise<TrainingHeader> {
  const classWeights = await readClassWeights(values["class-weights"], classNames.length);
  return {
    format: TRAINING_FORMAT,
    settings: { ...settings },
    classNames,
    ...(classWeights ? { classWeights } : {}),
    weights: sourceName(values.weights, source),
    weightsHash: await hashOf(source),
    training: data.training.length,
    heldOut: data.heldOut.length,
    dataHash: digestOf(data),
    adapter: device.label,
  };
}

/** In memory, or in --cache-folder. Files there are told apart by all that features depend on. */
export async function featureStore(
  values: TrainValues,
  { settings, cacheBytes }: TrainRequest,
  { weightsHash, dataHash }: TrainingHeader,
): Promise<FeatureStore> {
  const folder = values["cache-folder"];
  if (folder === undefined) return new MemoryFeatures(cacheBytes);
  const { seed, resize, variants } = settings;
  const scope = JSON.stringify([weightsHash, dataHash, seed, resize, variants.at(-1)]);
  return DiskFeatures.open(folder, scope, cacheBytes);
}
