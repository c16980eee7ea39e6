/** `fcn train`: heads for new classes on a frozen backbone, or a whole network, from labelled pictures. */
import { counted } from "../base/counted.js";
import { textTable } from "../base/text-table.js";
import { formatPercent, variantTitle } from "../eval/titles.js";
import type { Summary } from "../eval/summary.js";
import { epochScores, trainingDifferences, wordsOf } from "../eval/training-records.js";
import type { TrainingHeader } from "../eval/training-records.js";
import type { Device } from "../gpu/device.js";
import { requestDevice } from "../node.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { openCheckpoint } from "../weights/open.js";
import type { ByteSource } from "../weights/source.js";
import { UsageError, parse, refuse } from "./command.js";
import type { Command } from "./command.js";
import { removeUnfinished } from "./output-disk.js";
import { WriterLock } from "./writer-lock.js";
import { checkWeights, outputFolder } from "./files.js";
import { print } from "./output.js";
import { tryAgainOnTerm, watchInterrupts } from "./signals.js";
import { textCurve } from "./text-curve.js";
import { BEST, LAST, TrainingFiles, checkBest } from "./train-files.js";
import { TrainingLog, readTrainingLog } from "./train-log.js";
import type { ReadLog } from "./train-log.js";
import { featureStore, headerOf, openData } from "./train-open.js";
import type { OpenData } from "./train-open.js";
import { TRAIN_CHOICES, fullSettings, trainRequestOf } from "./train-options.js";
import type { OutMode, TrainRequest, TrainValues } from "./train-options.js";
import { trainingProgress } from "./train-progress.js";
import { measureBest, trainingJson, writeTrainingReport } from "./train-report.js";
import type { Ended } from "./train-report.js";
import { runTraining } from "./train-run.js";
import { TeacherAtWork, checkTaughtHeads } from "./train-teacher.js";
import { TRAIN_OPTIONS, TRAIN_USAGE } from "./train-usage.js";
import { openWeightsSource } from "./train-weights.js";

const STOPPING =
  "\nfcn train: stopping after this step; everything is kept and --resume continues (Ctrl-C again: stop at once)";

const ENDED_EARLY =
  "fcn train: ended by SIGTERM with no step in hand; another run begins anew, or goes on with --resume";

/** @throws UsageError where a training is there and may not be continued */
async function logBefore(folder: string, header: TrainingHeader, mode: OutMode): Promise<ReadLog | undefined> {
  if (mode === "fresh") return undefined;
  const before = await readTrainingLog(folder);
  if (!before) return undefined;
  if (mode === "new")
    throw new UsageError(
      `train: ${folder} has a training already; --resume goes on with it, --fresh replaces it, --out writes elsewhere`,
    );
  const different = trainingDifferences(before.header, header);
  if (different.length)
    throw new UsageError(
      `train: the training in ${folder} has other ${different.join(" and ")}; resume with the same options, or give ` +
        "--fresh",
    );
  checkBest(folder, before);
  return before;
}

interface TrainingEnd extends Ended {
  readonly summary: Summary | undefined;
  /** The exit code of a signal that ended it early. */
  readonly stoppedBy: number | undefined;
  readonly names: readonly string[];
}

/** What a training works with, all of it open. */
interface Opened extends OpenData {
  readonly source: ByteSource;
  readonly backbone: Checkpoint;
}

async function trainInto(
  values: TrainValues,
  request: TrainRequest,
  open: OpenData,
  lock: WriterLock,
): Promise<TrainingEnd> {
  const source = await openWeightsSource(values.weights);
  const backbone = await openCheckpoint(source);
  try {
    if (open.teacher && request.settings.heads === "file") checkTaughtHeads(open.teacher, backbone);
    return await trainOpened(values, request, { ...open, source, backbone }, new TrainingFiles(values.out, lock));
  } finally {
    await backbone.close();
  }
}

async function trainOpened(
  values: TrainValues,
  request: TrainRequest,
  open: Opened,
  files: TrainingFiles,
): Promise<TrainingEnd> {
  const { outMode, saveEvery } = request;
  const { classNames, data, reader, backbone } = open;
  const settings = fullSettings(request.settings, data.training.length);
  const openDevice = (): Promise<Device> =>
    requestDevice(values.adapter === undefined ? {} : { adapter: values.adapter });
  const first = await openDevice();
  const header = await headerOf(values, settings, open, { source: open.source, device: first });
  const before = await logBefore(values.out, header, outMode);
  if (!before) await files.clear(settings.variants);
  const features = await featureStore(values, request, header);
  const log = await TrainingLog.open(values.out, header, before);
  const watcher = trainingProgress({ epochs: settings.epochs, isStaged: settings.variants.length > 1 });
  const { stopped, exitCode, end } = watchInterrupts(STOPPING);
  const teacher = open.teacher && new TeacherAtWork(open.teacher, { store: features, warn: watcher.warn });
  let device: Device | undefined = first;
  const nextDevice = async (): Promise<Device> => {
    const ready = device ?? (await openDevice());
    device = undefined;
    return ready;
  };
  try {
    const parts = {
      settings,
      classNames,
      classWeights: header.classWeights,
      data,
      reader,
      backbone,
      features,
      teacher,
    };
    const isDone = await runTraining({ ...parts, files, log, openDevice: nextDevice, saveEvery, stopped, watcher });
    const ended = { header, epochs: log.epochs, files };
    const variants = settings.mode === "heads" ? settings.variants : settings.variants.slice(-1);
    const measuring = { ...ended, data, reader, teacher, variants, openDevice };
    const summary = isDone ? await measureBest(measuring) : undefined;
    return {
      ...ended,
      summary,
      stoppedBy: isDone ? undefined : exitCode(),
      names: await writeTrainingReport(ended, summary),
    };
  } finally {
    watcher.end();
    end();
    teacher?.dispose();
    await log.close();
  }
}

/** Curves of loss and mean IoU, the classes' IoU, and where everything is. */
function textReport({ header, epochs, files, summary, names }: TrainingEnd): string {
  const measure = header.truth === "teacher" ? "agreement with the teacher on held-out pictures" : "held-out mean IoU";
  const blocks = [
    textCurve(
      "loss",
      epochs.flatMap(({ meanLoss }) => meanLoss ?? []),
      (value) => value.toPrecision(3),
    ),
    textCurve(
      `${measure}, %`,
      epochs.flatMap((record) => epochScores(record).meanIoU ?? []),
      (value) => formatPercent(value),
    ),
    summary ? classText(header, summary) : "",
    summary ? scoreText(header, epochs, summary) : "The training is not at its end; --resume goes on.",
    [BEST, LAST, ...names].map((name) => files.path(name)).join("\n"),
  ];
  return blocks.filter(Boolean).join("\n\n");
}

function classText(header: TrainingHeader, { variants }: Summary): string {
  const { classNames, heldOut } = header;
  const place = heldOut ? "held out" : "trained on";
  const head = [`${wordsOf(header).iou} in %, ${place}`, ...variants.map(({ variant }) => variantTitle(variant))];
  const rows = classNames.flatMap((name, label) => {
    const isThere = variants.some(({ metrics }) => metrics?.truthPixels[label]);
    return isThere ? [[name, ...variants.map(({ metrics }) => formatPercent(metrics?.perClassIoU[label]))]] : [];
  });
  const means = ["mean", ...variants.map(({ metrics }) => formatPercent(metrics?.meanIoU))];
  return textTable([head, ...rows, means], { align: ["left", "right"] });
}

function scoreText(header: TrainingHeader, epochs: TrainingEnd["epochs"], { variants }: Summary): string {
  const first = epochs.find(({ epoch }) => epoch === 0);
  const before = first && epochScores(first).meanIoU;
  const after = variants.at(-1)?.metrics?.meanIoU;
  if (!header.heldOut) return "Nothing was held out: these numbers are of pictures that were trained on.";
  const scores = `${formatPercent(before)} % before, ${formatPercent(after)} % after`;
  const measure = header.truth === "teacher" ? "Agreement with the teacher" : "Mean IoU";
  return `${measure} on ${counted(header.heldOut, "held-out picture")}: ${scores}.`;
}

/** @throws UsageError for options that would be ignored */
function refuseIgnored({ voc, val, teacher }: TrainValues, given: ReadonlySet<string>): void {
  if (teacher !== undefined && val !== undefined)
    refuse(
      "train",
      given,
      ["labels"],
      "is of pictures that learn from --teacher; label maps of --val are --val-labels",
    );
  if (voc === undefined)
    refuse("train", given, ["split", "val-split"], "names a list of PASCAL VOC; give its folder with --voc");
  else refuse("train", given, ["labels"], "is of no use with --voc, which has label maps of its own");
  if (val === undefined) refuse("train", given, ["val-labels"], "is of the pictures of --val; give them too");
  else refuse("train", given, ["hold-out", "val-split"], "is of no use with --val, which says what is measured on");
}

async function trainPictures(values: TrainValues, pictures: readonly string[]): Promise<number> {
  const request = trainRequestOf(values);
  await checkWeights("train", values.weights);
  const open = await openData(values, pictures, request);
  await outputFolder("train", values.out);
  if (values["cache-folder"] !== undefined) await outputFolder("train", values["cache-folder"], "cache-folder");
  const lock = await WriterLock.take(values.out, "train");
  try {
    await removeUnfinished(values.out, "train");
    const ended = await trainInto(values, request, open, lock);
    if (values.json) print(JSON.stringify(trainingJson(ended, ended.summary)));
    else print(textReport(ended));
    return ended.stoppedBy ?? 0;
  } finally {
    await lock.release();
  }
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals, given } = parse("train", args, TRAIN_OPTIONS);
  refuseIgnored(values, given);
  const end = tryAgainOnTerm(ENDED_EARLY);
  try {
    return await trainPictures(values, positionals);
  } finally {
    end();
  }
}

export const train: Command = {
  name: "train",
  usage: TRAIN_USAGE,
  options: TRAIN_OPTIONS,
  choices: TRAIN_CHOICES,
  resumes: true,
  run,
};
