/** A training in this process, on small pictures: what a test may put in the place of its parts. */
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "../../src/cli/command.js";
import { WriterLock } from "../../src/cli/writer-lock.js";
import type { DatasetItem } from "../../src/cli/datasets.js";
import { TrainingFiles } from "../../src/cli/train-files.js";
import type { TrainingJob } from "../../src/cli/train-job.js";
import { TrainingLog } from "../../src/cli/train-log.js";
import { fullSettings, trainRequestOf } from "../../src/cli/train-options.js";
import type { TrainValues } from "../../src/cli/train-options.js";
import { runTraining } from "../../src/cli/train-run.js";
import { SampleReader } from "../../src/cli/train-samples.js";
import { TeacherAtWork, openTeacher } from "../../src/cli/train-teacher.js";
import { TRAIN_OPTIONS } from "../../src/cli/train-usage.js";
import { TRAINING_FORMAT } from "../../src/eval/training-records.js";
import { VOC_CLASSES } from "../../src/image/palette.js";
import { openCheckpoint, openSource, requestDevice } from "../../src/node.js";
import type { Device } from "../../src/node.js";
import { MemoryFeatures } from "../../src/train/feature-cache.js";
import type { FeatureStore } from "../../src/train/feature-cache.js";
import { writeHalves } from "./half-pictures.js";

const VAL = fileURLToPath(new URL("../fixtures/val", import.meta.url));
const itemIn =
  (folder: string) =>
  (name: string): DatasetItem => ({
    key: name,
    picture: join(folder, `${name}.png`),
    label: join(folder, `${name}.label.png`),
  });
const TRAINING = ["12", "13", "14", "00"];
const HELD_OUT = ["15"];
const valuesOf = (...args: string[]): TrainValues => parse("train", args, TRAIN_OPTIONS).values;

export interface JobRun {
  readonly isDone: boolean;
  readonly warnings: readonly string[];
  /** Steps that the watcher saw. */
  readonly steps: readonly number[];
  readonly file: (name: string) => string;
}

interface JobParts {
  readonly openDevice?: () => Promise<Device>;
  readonly features?: FeatureStore;
  readonly onStep?: (step: number) => void;
  readonly args?: readonly string[];
  /** Weights of a teacher: pictures then have no label maps. */
  readonly teacher?: string;
}

const ARGS = ["--weights", "icons", "--epochs", "3", "--batch", "2", "--variations", "1", "--save-every", "0"];

/** Pictures to train on, of half their size, and one that is held out. */
function writePictures(folder: string): void {
  writeHalves(folder, TRAINING);
  for (const ending of [".png", ".label.png"])
    for (const name of HELD_OUT) copyFileSync(join(VAL, name + ending), join(folder, name + ending));
}

/** Four pictures to train on and one held out, three epochs of two steps. */
export async function runJob(folder: string, parts: JobParts): Promise<JobRun> {
  const { openDevice = requestDevice, features = new MemoryFeatures(1e9), onStep, args = [], teacher: weights } = parts;
  mkdirSync(folder, { recursive: true });
  const { settings, meaning, saveEvery } = trainRequestOf(valuesOf(...ARGS, ...args));
  const reader = new SampleReader(meaning, VOC_CLASSES.length);
  const pictures = `${folder}-pictures`;
  writePictures(pictures);
  const itemOf = itemIn(pictures);
  const seen = (name: string): DatasetItem =>
    weights === undefined ? itemOf(name) : { key: name, picture: itemOf(name).picture };
  const [training, heldOut] = [TRAINING.map(seen), HELD_OUT.map(seen)];
  for (const item of [...training, ...heldOut]) await reader.read(item);
  const lock = await WriterLock.take(folder, "train");
  const of = { weights: "", weightsHash: "", training: 4, heldOut: 1, dataHash: "", adapter: "" };
  const header = { format: TRAINING_FORMAT, settings: {}, classNames: VOC_CLASSES, ...of } as const;
  const log = await TrainingLog.open(folder, header, undefined);
  const backbone = await openCheckpoint(await openSource("icons"));
  const warnings: string[] = [];
  const steps: number[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const teacher = weights && new TeacherAtWork(await openTeacher(weights, undefined), { store: features, warn });
  const job: TrainingJob = {
    settings: fullSettings(settings, TRAINING.length),
    classNames: VOC_CLASSES,
    classWeights: undefined,
    data: { training, heldOut, truth: teacher ? "teacher" : "labels" },
    reader,
    backbone,
    features,
    ...(teacher && { teacher }),
    files: new TrainingFiles(folder, lock),
    log,
    openDevice,
    saveEvery,
    stopped: () => false,
    watcher: {
      step: ({ step }) => {
        steps.push(step);
        onStep?.(step);
      },
      epoch: () => undefined,
      warn,
    },
  };
  try {
    const isDone = await runTraining(job);
    return { isDone, warnings, steps, file: (file) => readFileSync(join(folder, file)).toString("base64") };
  } finally {
    if (teacher) teacher.dispose();
    await log.close();
    await backbone.close();
    await lock.release();
  }
}
