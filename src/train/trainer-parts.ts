/** What createTrainer() makes of its options. */
import type { Device } from "../gpu/device.js";
import type { FcnVariant } from "../models/fcn-head.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import type { ByteSource } from "../weights/source.js";
import type { FeatureStore } from "./feature-cache.js";
import type { Learner } from "./learner.js";
import type { AugmentOptions } from "./sample.js";
import type { ScheduleOptions } from "./schedule.js";
import type { Teaching } from "./teacher.js";
import type { TrainingListener } from "./training-events.js";
import type { TrainingSession } from "./training-session.js";

export interface TrainerParts {
  readonly device: Device;
  readonly learner: Learner;
  /** What the caller gave as the backbone. */
  readonly backbone: ByteSource | Checkpoint;
  readonly session: TrainingSession;
  readonly mode: "heads" | "all";
  readonly rate: number;
  readonly schedule: ScheduleOptions | undefined;
  readonly loss: "mean" | "sum";
  readonly classWeights: Float32Array | undefined;
  readonly augment: AugmentOptions;
  readonly seed: number;
  readonly features: FeatureStore;
  /** Gives the targets in place of labels. */
  readonly teaching: Teaching | undefined;
  readonly featuresFor: FcnVariant | undefined;
  /** Pictures that go through the network at once. */
  readonly maxPiece: number;
  readonly onEvent: TrainingListener | undefined;
}
