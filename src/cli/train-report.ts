/** The end of a training: what its best checkpoint is worth, report.html and report.json. */
import { basename } from "node:path";
import { writeWhole } from "../base/write-whole.js";
import type { Device } from "../gpu/device.js";
import { FORMAT, scorePicture } from "../eval/records.js";
import type { PictureRecord, RunHeader } from "../eval/records.js";
import { summarise, summarisePicture } from "../eval/summary.js";
import type { Summary } from "../eval/summary.js";
import { trainingHtml } from "../eval/training-html.js";
import { bestEpoch, wordsOf } from "../eval/training-records.js";
import type { EpochRecord, TrainingHeader } from "../eval/training-records.js";
import { namedClasses } from "../image/named-classes.js";
import { toRgba } from "../image/picture.js";
import type { FcnVariant } from "../models/fcn-head.js";
import { Comparison } from "../models/node-comparison.js";
import { openSource } from "../node.js";
import { openCheckpoint } from "../weights/open.js";
import { writing } from "./output-disk.js";
import { Keeper } from "./compare-kept.js";
import { shownPicture, worstPictures } from "./compare-report.js";
import type { DatasetItem } from "./datasets.js";
import { isLabelled } from "./train-data.js";
import type { TrainingData } from "./train-data.js";
import { BEST } from "./train-files.js";
import type { TrainingFiles } from "./train-files.js";
import type { SampleReader } from "./train-samples.js";
import { withTruth } from "./train-teacher.js";
import type { TeacherAtWork } from "./train-teacher.js";

/** Width of the band of the boundary IoU, as in fcn compare. */
const BOUNDARY = 5;
/** Pictures trained on that stand in where none is held out. */
const MOST_TRAINED = 100;

export interface Ended {
  readonly header: TrainingHeader;
  readonly epochs: readonly EpochRecord[];
  readonly files: TrainingFiles;
}

interface MeasureJob extends Ended {
  readonly data: TrainingData;
  readonly reader: SampleReader;
  readonly teacher: TeacherAtWork | undefined;
  readonly variants: readonly FcnVariant[];
  readonly openDevice: () => Promise<Device>;
}

/** Runs the best checkpoint on the held-out pictures, or on some that were trained on. Keeps the worst. */
export async function measureBest(job: MeasureJob): Promise<Summary> {
  const { header: training, files, reader, teacher, variants, openDevice } = job;
  const device = await openDevice();
  const checkpoint = await openCheckpoint(await openSource(files.path(BEST)));
  try {
    const comparison = await Comparison.open(device, checkpoint, { variants });
    try {
      const header: RunHeader = {
        format: FORMAT,
        variants,
        classNames: training.classNames,
        boundaryWidth: BOUNDARY,
        weights: basename(BEST),
        adapter: training.adapter,
      };
      const keeper = await Keeper.open(files.folder, () => undefined);
      const records: PictureRecord[] = [];
      for (const item of measured(job.data)) {
        const { picture, labels: truth } = await withTruth(await reader.read(item), teacher, device);
        const { labels } = await comparison.run(picture);
        const { width, height } = picture;
        const scores = scorePicture(header, labels, picture, truth);
        const record: PictureRecord = { picture: item.key, width, height, ms: { total: 0 }, ...scores };
        const { score } = summarisePicture(header, record);
        await keeper.offer({ name: item.key, score, picture: toRgba(picture), maps: { truth, ...labels } });
        records.push(record);
      }
      return summarise(header, records);
    } finally {
      comparison.dispose();
    }
  } finally {
    await checkpoint.close();
    device.dispose();
  }
}

/** The pictures held out, or some that were trained on. */
function measured({ heldOut, training, truth }: TrainingData): readonly DatasetItem[] {
  if (heldOut.length) return heldOut;
  return (truth === "labels" ? training.filter(isLabelled) : training).slice(0, MOST_TRAINED);
}

/** What report.json and --json hold. */
export function trainingJson({ header, epochs }: Ended, summary: Summary | undefined): object {
  const scores = summary?.variants.map(({ variant, metrics }) => {
    const { meanIoU, pixelAccuracy, boundaryIoU, perClassIoU } = metrics ?? {};
    return [variant, { meanIoU, pixelAccuracy, boundaryIoU, perClassIoU }] as const;
  });
  const variants = [...new Set(epochs.map(({ variant }) => variant))];
  const best = variants.map(
    (variant) => [variant, bestEpoch(epochs.filter((own) => own.variant === variant))] as const,
  );
  const { classNames, ...options } = header;
  return {
    ...options,
    classes: namedClasses(classNames),
    best: Object.fromEntries(best),
    ...(scores
      ? {
          measuredOn: header.heldOut ? "held out" : "trained on",
          [header.truth === "teacher" ? "agreementWithTeacher" : "measured"]: Object.fromEntries(scores),
        }
      : {}),
    epochs,
  };
}

/** Names of the files. Without a summary the report has the curves only. */
export async function writeTrainingReport(ended: Ended, summary: Summary | undefined): Promise<string[]> {
  const { files, header, epochs } = ended;
  const worst = summary ? await worstPictures(summary, [files.folder]) : [];
  const shown = worst.map((own) => shownPicture(own, summary?.header.variants ?? [], wordsOf(header)));
  const contents = {
    "report.html": trainingHtml({ header, epochs, summary, shown }),
    "report.json": `${JSON.stringify(trainingJson(ended, summary), null, 1)}\n`,
  };
  for (const [name, text] of Object.entries(contents))
    await writing(files.path(name), writeWhole(files.path(name), text), "train");
  return Object.keys(contents);
}
