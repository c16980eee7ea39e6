/**
 * What a training writes as it goes: one JSON object a line (`log.jsonl`). First a header, then a record for each step
 * and each epoch. No line holds a time, so that two trainings with one seed write the same file.
 */
import { LABEL_WORDS, TEACHER_WORDS } from "./truth-words.js";
import type { TruthWords } from "./truth-words.js";

export const TRAINING_FORMAT = "fcn-training 1";

export interface TrainingHeader {
  readonly format: typeof TRAINING_FORMAT;
  /** All options that shape the weights. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly classNames: readonly string[];
  readonly classWeights?: readonly number[] | undefined;
  /** Name and size of the checkpoint. */
  readonly weights: string;
  /** SHA-256 of its bytes. */
  readonly weightsHash: string;
  /** Name and size of the checkpoint of the network that gives the targets, in place of label maps. */
  readonly teacher?: string | undefined;
  /** SHA-256 of its bytes. */
  readonly teacherHash?: string | undefined;
  /** Set where pictures have no label maps, so that the network is measured by what the teacher says of them. */
  readonly truth?: "teacher" | undefined;
  /** What values of label maps stand for, as --map and --void say it; absent where they count as they are. */
  readonly labels?: string | undefined;
  readonly training: number;
  readonly heldOut: number;
  /** Tells one set of pictures and label maps from another, by their names and contents. */
  readonly dataHash: string;
  readonly adapter: string;
}

export interface StepRecord {
  readonly variant: string;
  readonly epoch: number;
  readonly step: number;
  readonly loss: number;
  readonly rate: number;
}

/** On the held-out pictures. Absent without any. */
export interface EpochScores {
  readonly meanIoU?: number;
  readonly pixelAccuracy?: number;
  /** Of each class; null for one that neither occurs nor was predicted. */
  readonly perClassIoU?: readonly (number | null)[];
}

/** After an epoch; epoch 0 is before the first step. */
export interface EpochRecord extends EpochScores {
  readonly variant: string;
  readonly epoch: number;
  /** Steps of this variant so far. */
  readonly steps: number;
  /** Mean over the steps of the epoch in which a pixel counted. Absent where there was none. */
  readonly meanLoss?: number;
  /** The scores, where they compare with the teacher's labels: under a name that nobody takes for accuracy. */
  readonly agreementWithTeacher?: EpochScores;
}

export type TrainingRecord = StepRecord | EpochRecord;

/** The scores of an epoch, whatever they compare with. */
export const epochScores = (record: EpochRecord): EpochScores => record.agreementWithTeacher ?? record;

/** Words for the scores of a training. */
export const wordsOf = ({ truth }: Pick<TrainingHeader, "truth">): TruthWords =>
  truth === "teacher" ? TEACHER_WORDS : LABEL_WORDS;

export const isEpochRecord = (record: TrainingRecord): record is EpochRecord => "steps" in record;

/** Names of what differs between two trainings; empty where one can go on as the other. The adapter may differ. */
export function trainingDifferences(a: TrainingHeader, b: TrainingHeader): string[] {
  const different = (x: unknown, y: unknown): boolean => JSON.stringify(x) !== JSON.stringify(y);
  const names = new Set([...Object.keys(a.settings), ...Object.keys(b.settings)]);
  const settings = [...names].filter((name) => different(a.settings[name], b.settings[name]));
  const others: [string, unknown, unknown][] = [
    ["class names", a.classNames, b.classNames],
    ["class weights", a.classWeights, b.classWeights],
    ["weights", a.weightsHash, b.weightsHash],
    ["teacher", a.teacherHash, b.teacherHash],
    ["label values (--map, --void)", a.labels, b.labels],
    ["pictures or label maps", a.dataHash, b.dataHash],
  ];
  return [...settings, ...others.filter(([, x, y]) => different(x, y)).map(([name]) => name)];
}

/** The better of two epochs: of higher mean IoU, or without held-out pictures of lower loss. The earlier of equals. */
export function isBetter(epoch: EpochRecord, best: EpochRecord | undefined): boolean {
  if (!best) return true;
  const [own, other] = [epochScores(epoch).meanIoU, epochScores(best).meanIoU];
  if (own !== undefined && other !== undefined) return own > other;
  return (epoch.meanLoss ?? Infinity) < (best.meanLoss ?? Infinity);
}

/** Of the epochs of a variant, without the one before the first step. */
export function bestEpoch(epochs: readonly EpochRecord[]): EpochRecord | undefined {
  let best: EpochRecord | undefined;
  for (const epoch of epochs) if (epoch.epoch > 0 && isBetter(epoch, best)) best = epoch;
  return best;
}
