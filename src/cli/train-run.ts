/**
 * The loop of a training. What was done is told by two files: the state holds the weights after some step, log.jsonl
 * all that led there. A training that was stopped, killed or lost its device goes on from them, bit for bit.
 */
import { isFcnError, messageOf } from "../base/errors.js";
import type { Device } from "../gpu/device.js";
import type { FcnVariant } from "../models/fcn-head.js";
import { LAST, stageName } from "./train-files.js";
import type { TrainingJob } from "./train-job.js";
import { TrainingStage, openStage } from "./train-stage.js";
import type { FinishedStage } from "./train-stages.js";

/** Losses of the device in a row, without a state written in between, after which a training gives up. */
const MOST_LOSSES = 3;

/** Goes on with one stage on a device. Undefined where it was stopped. */
async function runStage(
  job: TrainingJob,
  device: Device,
  variant: FcnVariant,
  before: readonly FinishedStage[],
  onSaved: () => void,
): Promise<FinishedStage | undefined> {
  const { files, log, settings } = job;
  const trainer = await openStage(job, device, variant, before);
  try {
    const state = await files.readState(variant);
    if (state) await trainer.restore(state);
    await log.cutBack(variant, trainer.steps);
    const isDone = await new TrainingStage(job, variant, trainer, device).run(onSaved);
    const isFinal = variant === settings.variants.at(-1);
    if (isDone && !isFinal && settings.mode === "all")
      await files.writeCheckpoint(stageName(variant), await trainer.checkpoint());
    if (isFinal || !isDone) await files.writeCheckpoint(LAST, await trainer.checkpoint());
    return isDone ? { variant, state: await trainer.state() } : undefined;
  } finally {
    trainer.dispose();
  }
}

/**
 * Trains all stages. Whether it came to its end.
 * @throws gpu-error where a loss is no number, device-lost after several losses in a row, and what a trainer throws
 */
export async function runTraining(job: TrainingJob): Promise<boolean> {
  let device = await job.openDevice();
  let losses = 0;
  const finished: FinishedStage[] = [];
  try {
    for (const variant of job.settings.variants) {
      for (;;) {
        try {
          const done = await runStage(job, device, variant, finished, () => (losses = 0));
          if (!done) return false;
          finished.push(done);
          break;
        } catch (error) {
          losses += 1;
          if (!isFcnError(error, "device-lost") || losses >= MOST_LOSSES) throw error;
          job.watcher.warn(`${messageOf(error)}; goes on from the last state on a new device`);
          device.dispose();
          device = await job.openDevice();
        }
      }
    }
    return true;
  } finally {
    device.dispose();
  }
}
