/** What a trainer tells of its steps and evaluations. */
import type { ConfusionMatrix } from "../eval/confusion.js";

/** What a step reports. */
export interface StepReport {
  /** Steps so far, this one included. */
  readonly step: number;
  /** Cross-entropy of the batch before the step, in nats a pixel (with `loss: "sum"` in all). */
  readonly loss: number;
  /** The rate of the step, as the schedule has it. */
  readonly rate: number;
}

/** What a training reports: a step, or how the labels compare with the truth after so many steps. */
export type TrainingEvent =
  | ({ readonly kind: "step" } & StepReport)
  | {
      readonly kind: "evaluation";
      readonly step: number;
      /** NaN where no class occurs. */
      readonly meanIoU: number;
      readonly confusion: ConfusionMatrix;
    };

/** Is called after every step and every evaluation. */
export type TrainingListener = (event: TrainingEvent) => void;
