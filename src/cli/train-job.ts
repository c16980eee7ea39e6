/** What the loop of a training needs, and what it tells. */
import type { EpochRecord } from "../eval/training-records.js";
import type { Device } from "../gpu/device.js";
import type { FcnVariant } from "../models/fcn-head.js";
import type { FeatureStore } from "../train/feature-cache.js";
import type { StepReport } from "../train/training-events.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import type { TrainingData } from "./train-data.js";
import type { TrainingFiles } from "./train-files.js";
import type { TrainingLog } from "./train-log.js";
import type { FullSettings } from "./train-options.js";
import type { SampleReader } from "./train-samples.js";
import type { TeacherAtWork } from "./train-teacher.js";

/** What a training tells whoever watches. */
export interface TrainingWatcher {
  readonly step: (report: StepReport, place: StepPlace) => void;
  readonly epoch: (record: EpochRecord, place: { readonly isBest: boolean }) => void;
  readonly warn: (message: string) => void;
}

export interface StepPlace {
  readonly variant: FcnVariant;
  readonly epoch: number;
  /** Of the stage. */
  readonly totalSteps: number;
}

export interface TrainingJob {
  readonly settings: FullSettings;
  readonly classNames: readonly string[];
  readonly classWeights: readonly number[] | undefined;
  readonly data: TrainingData;
  readonly reader: SampleReader;
  readonly backbone: Checkpoint;
  readonly features: FeatureStore;
  /** Gives the targets in place of label maps. */
  readonly teacher?: TeacherAtWork | undefined;
  readonly files: TrainingFiles;
  readonly log: TrainingLog;
  readonly openDevice: () => Promise<Device>;
  readonly saveEvery: number;
  /** Asked before each step; true ends the training. */
  readonly stopped: () => boolean;
  readonly watcher: TrainingWatcher;
}
