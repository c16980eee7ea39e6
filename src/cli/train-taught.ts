/** The pictures of a training with a teacher: label maps that are there serve to measure, and to nothing else. */
import { VOC_CLASSES } from "../image/palette.js";
import type { DatasetItem } from "./datasets.js";
import { UsageError } from "./command.js";
import { needLabels } from "./label-files.js";
import { printNote } from "./output.js";
import { holdOut, isLabelled } from "./train-data.js";
import type { TrainingData } from "./train-data.js";
import type { TeacherFile } from "./train-teacher.js";
import type { TrainSettings, TrainValues } from "./train-options.js";

const withoutLabel = ({ key, picture }: DatasetItem): DatasetItem => ({ key, picture });

/**
 * Where some of the pictures have label maps, those are held out, or as many of them as are wanted.
 * @param measured the pictures of --val or of VOC's list, where there are some
 * @throws UsageError where an option about label maps would be of no use
 */
export function taughtData(
  listed: readonly DatasetItem[],
  measured: readonly DatasetItem[] | undefined,
  { values, settings }: { readonly values: TrainValues; readonly settings: TrainSettings },
): TrainingData {
  const labelled = listed.filter(isLabelled);
  const { holdOut: share, seed } = settings;
  const drawing = { share, seed, ...(labelled.length ? { from: labelled } : {}) };
  const { training, heldOut } = measured ? { training: listed, heldOut: measured } : holdOut(listed, drawing);
  const seen = heldOut.length ? heldOut : training;
  for (const option of ["void", "map"] as const) if (values[option] !== undefined) needLabels("train", seen, option);
  const truth = seen.some(isLabelled) ? "labels" : "teacher";
  const unused = heldOut.length ? training.filter(isLabelled).length : 0;
  const count = unused ? `; ${unused} of the pictures to train on have one, which is not looked at` : "";
  printNote(
    truth === "labels"
      ? `fcn train: pictures learn what the teacher says of them; label maps serve to measure only${count}`
      : "fcn train: pictures learn what the teacher says of them; none to measure on has a label map, so that scores " +
          `are agreement with the teacher${count}`,
  );
  // Where nothing is held out, pictures that were trained on are measured.
  return { training: heldOut.length ? training.map(withoutLabel) : training, heldOut, truth };
}

/** PASCAL VOC's label maps are of its own classes. @throws UsageError where the teacher has others */
export function checkVocTeacher({ voc, map }: TrainValues, { weights, classNames }: TeacherFile): void {
  if (voc === undefined || map !== undefined || classNames.length === VOC_CLASSES.length) return;
  throw new UsageError(
    `train: the label maps of --voc have ${VOC_CLASSES.length} classes, and the teacher ${weights} ` +
      `${classNames.length}; say with --map which of the teacher's classes they are, or name the pictures of ${voc} ` +
      "without --voc",
  );
}
