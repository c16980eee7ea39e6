/** From the command line to a training that can run: pictures, classes, checkpoint and the header of its log. */
import { counted } from "../base/counted.js";
import { defined } from "../base/defined.js";
import type { LabelMeaning } from "../image/label-meaning.js";
import { VOC_CLASSES, numberedNames } from "../image/palette.js";
import { TRAINING_FORMAT } from "../eval/training-records.js";
import type { TrainingHeader } from "../eval/training-records.js";
import type { Device } from "../node.js";
import { MemoryFeatures } from "../train/feature-cache.js";
import type { FeatureStore } from "../train/feature-cache.js";
import type { ByteSource } from "../weights/source.js";
import { readClassNames } from "./class-names.js";
import { UsageError, packageVersion } from "./command.js";
import type { DatasetItem } from "./datasets.js";
import { DiskFeatures } from "./disk-features.js";
import { checkMeaning, describeMeaning } from "./label-options.js";
import { printNote } from "./output.js";
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
import type { FullSettings, TrainRequest, TrainSettings, TrainValues } from "./train-options.js";
import { SampleReader } from "./train-samples.js";
import { checkVocTeacher, taughtData } from "./train-taught.js";
import { openTeacher } from "./train-teacher.js";
import type { TeacherFile } from "./train-teacher.js";
import { hashOf, sourceName } from "./train-weights.js";

/** Labels are bytes, and 255 does not count. */
const MOST_CLASSES = 255;
const LEAST_CLASSES = 2;

export interface OpenData {
  readonly data: TrainingData;
  readonly reader: SampleReader;
  readonly classNames: readonly string[];
  readonly teacher: TeacherFile | undefined;
  readonly meaning: LabelMeaning;
  readonly classWeights: readonly number[] | undefined;
}

/** @throws UsageError for fewer than two classes, and as trainingItems() */
export async function openData(
  values: TrainValues,
  inputs: readonly string[],
  { settings, meaning }: TrainRequest,
): Promise<OpenData> {
  const named = await readClassNames("train", values["class-names"]);
  const listed = await trainingItems(values, inputs);
  const measured = await measuredItems(values);
  if (measured) checkApart({ training: listed, heldOut: measured });
  const teacher = values.teacher === undefined ? undefined : await openTeacher(values.teacher, named);
  if (teacher) checkVocTeacher(values, teacher);
  const given = teacher?.classNames ?? named ?? (values.voc === undefined ? undefined : VOC_CLASSES);
  if (given) checkCount(given.length, teacher);
  const reader = new SampleReader(meaning, given?.length ?? MOST_CLASSES);
  checkMeaning(meaning, given?.length ?? MOST_CLASSES, "train");
  const data = teacher
    ? await usableData(taughtData(listed, measured, { values, settings }), reader)
    : await labelledData(listed, measured, { settings, reader });
  const classNames = given ?? numberedNames(reader.highest + 1);
  if (classNames.length < LEAST_CLASSES)
    throw new UsageError("train: the label maps have no class besides 0; a network has two or more");
  const classWeights = await readClassWeights(values["class-weights"], classNames.length);
  warnOfValues(reader, classNames.length);
  sayData(data, { ...settings, isDrawn: !measured, isNamed: given !== undefined, classes: classNames.length });
  return { data, reader, classNames, teacher, meaning, classWeights };
}

/** @throws UsageError */
function checkCount(classes: number, teacher: TeacherFile | undefined): void {
  if (classes >= LEAST_CLASSES && classes <= MOST_CLASSES) return;
  const who = teacher ? `the teacher ${teacher.weights}` : "--class-names";
  throw new UsageError(
    `train: ${who} has ${counted(classes, "class")}; a network that learns has ${LEAST_CLASSES} to ${MOST_CLASSES}`,
  );
}

/** The pictures held out are drawn from those that can be used. */
async function labelledData(
  listed: readonly DatasetItem[],
  measured: readonly DatasetItem[] | undefined,
  { settings, reader }: { readonly settings: TrainSettings; readonly reader: SampleReader },
): Promise<TrainingData> {
  const training = await usableItems(listed, reader);
  const divided = measured
    ? { training, heldOut: await usableItems(measured, reader) }
    : holdOut(training, { share: settings.holdOut, seed: settings.seed });
  return { ...divided, truth: "labels" };
}

async function usableData({ training, heldOut, truth }: TrainingData, reader: SampleReader): Promise<TrainingData> {
  const usable = await usableItems(training, reader);
  return { training: usable, heldOut: heldOut.length ? await usableItems(heldOut, reader) : [], truth };
}

interface Said {
  readonly seed: number;
  readonly isDrawn: boolean;
  readonly isNamed: boolean;
  readonly classes: number;
}

function sayData({ training, heldOut }: TrainingData, { seed, isDrawn, isNamed, classes }: Said): void {
  const classText = isNamed ? `${classes} classes` : `${classes} classes, as the highest label says`;
  printNote(`fcn train: ${counted(training.length, "picture")} to train on, ${heldOut.length} held out, ${classText}`);
  if (!heldOut.length)
    printNote("fcn train: nothing is held out, so no line tells how good the network is on other pictures");
  else if (isDrawn) printNote(`fcn train: held out with seed ${seed}: ${someNames(heldOut)}`);
}

export async function headerOf(
  values: TrainValues,
  settings: FullSettings,
  { data, classNames, teacher, meaning, classWeights }: OpenData,
  { source, device }: { readonly source: ByteSource; readonly device: Device },
): Promise<TrainingHeader> {
  return {
    format: TRAINING_FORMAT,
    settings: { ...settings },
    classNames,
    ...(classWeights ? { classWeights } : {}),
    weights: sourceName(values.weights, source),
    weightsHash: await hashOf(source),
    ...(teacher ? { teacher: teacher.name, teacherHash: teacher.hash } : {}),
    ...(data.truth === "teacher" ? { truth: data.truth } : {}),
    ...defined({ labels: describeMeaning(meaning) }),
    training: data.training.length,
    heldOut: data.heldOut.length,
    dataHash: await digestOf(data),
    adapter: device.label,
  };
}

/** In memory, or in --cache-folder. Files there are told apart by all that features depend on. */
export async function featureStore(
  values: TrainValues,
  { settings, cacheBytes }: TrainRequest,
  { weightsHash, dataHash, adapter }: TrainingHeader,
): Promise<FeatureStore> {
  const folder = values["cache-folder"];
  // A training goes through its pictures again and again.
  if (folder === undefined) return new MemoryFeatures(cacheBytes, { givesWay: "new" });
  const { seed, resize, variants } = settings;
  // Sums differ in their last bits between adapters, and from version to version.
  const scope = JSON.stringify([packageVersion(), adapter, weightsHash, dataHash, seed, resize, variants.at(-1)]);
  return DiskFeatures.open(folder, scope, cacheBytes);
}
