/**
 * fcn-webgpu/train: trains the heads of an FCN on a frozen backbone, or the whole network, on any WebGPU device, in
 * browsers and in Node. The device and the source of the weights come from fcn-webgpu or fcn-webgpu/node.
 * @module fcn-webgpu/train
 */
export { createTrainer } from "./create-trainer.js";
export type { TrainerOptions } from "./create-trainer.js";
export { MemoryFeatures } from "./feature-cache.js";
export type { FeatureBytes, FeatureStore, MemoryOptions } from "./feature-cache.js";
export type { NamedPicture } from "./evaluate.js";
export type { AdamwOptions, OptimizerOptions, SgdOptions } from "./optimizer.js";
export { IGNORED } from "./sample.js";
export type { AugmentOptions, StepSample, TrainingSample } from "./sample.js";
export type { ScheduleOptions } from "./schedule.js";
export type { Teacher } from "./teacher.js";
export { Trainer } from "./trainer.js";
export type { StepReport, TrainingEvent, TrainingListener } from "./training-events.js";
export { ConfusionMatrix } from "../eval/confusion.js";
