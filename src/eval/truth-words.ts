/** What a report calls the label maps that a network is compared with, and how much of them it meets. */

export interface TruthWords {
  /** The label maps. */
  readonly truth: string;
  /** Of one class. */
  readonly iou: string;
  readonly meanIoU: string;
  readonly boundaryIoU: string;
  readonly pixelAccuracy: string;
}

/** For label maps that people made. */
export const LABEL_WORDS: TruthWords = {
  truth: "truth",
  iou: "IoU",
  meanIoU: "mean IoU",
  boundaryIoU: "boundary IoU",
  pixelAccuracy: "pixel accuracy",
};

/** For what a teacher says of pictures without label maps: nobody knows whether it is right. */
export const TEACHER_WORDS: TruthWords = {
  truth: "teacher",
  iou: "IoU with the teacher",
  meanIoU: "agreement with the teacher",
  boundaryIoU: "the same at borders",
  pixelAccuracy: "pixels labelled as the teacher does",
};
