/**
 * The loop of a training. What was done is told by two files: the state holds the weights after some step, log.jsonl
 * all that led there. A training that was stopped, killed or lost its device goes on from them, bit for bit.
 */
import { isFcnError, messageOf } from "../base/errors.js";
import type { Device } from "../gpu/device.js";
import type { FcnVariant } from "../models/fcn-head.js";
import { isBetter, bestEpoch } from "../eval/training-records.js";
import type { EpochRecord } from "../eval/training-records.js";
import { createTrainerFrom } from "../train/create-trainer.js";
import type { TrainerOptions } from "../train/create-trainer.js";
import type { FeatureStore } from "../train/feature-cache.js";
import type { StepReport, Trainer } from "../train/trainer.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import type { TrainingData } from "./train-data.js";
import { BEST, LAST, stageName } from "./train-files.js";
import type { TrainingFiles } from "./train-files.js";
import type { TrainingLog } from "./train-log.js";
import type { FullSettings } from "./train-options.js";
import { batchesOf } from "./train-order.js";
import { startOfStage } from "./train-stages.js";
import type { FinishedStage } from "./train-stages.js";
import type { LabelledItem, SampleReader } from "./train-samples.js";

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
  readonly files: TrainingFiles;
  readonly log: TrainingLog;
  readonly openDevice: () => Promise<Device>;
  readonly saveEvery: number;
  /** Asked before each step; true ends the training. */
  readonly stopped: () => boolean;
  readonly watcher: TrainingWatcher;
}

/** Losses of the device in a row, without a state written in between, after which a training gives up. */
const MOST_LOSSES = 3;
function stepsOf({ data, settings, reader }: TrainingJob, variant: FcnVariant): number {
  return batchesOf(data.training, 0, orderOf(settings, reader, variant)).length;
}

const orderOf = ({ seed, batch }: FullSettings, { sizes }: SampleReader, stage: FcnVariant) => ({
  seed,
  stage,
  batch,
  sizeOf: ({ key }: { readonly key: string }) => sizes.get(key) ?? "",
});

async function openStage(
  job: TrainingJob,
  device: Device,
  variant: FcnVariant,
  before: readonly FinishedStage[],
): Promise<Trainer> {
  const { settings, classNames, classWeights, features } = job;
  const { mode, heads, rate, optimizer, loss, variations, seed, resize } = settings;
  const steps = stepsOf(job, variant) * settings.epochs;
  const { checkpoint, origin } = await startOfStage(job.backbone, { variant, classNames, mode, heads }, before);
  const options: TrainerOptions = {
    device,
    backbone: checkpoint,
    variant,
    classes: classNames,
    mode,
    heads: "file",
    optimizer,
    rate,
    schedule: { kind: settings.schedule, steps, warmup: settings.warmup },
    loss,
    augment: { variations },
    seed,
    features,
    featuresFor: settings.variants.at(-1) ?? variant,
    ...(resize === undefined ? {} : { resize }),
    ...(classWeights === undefined ? {} : { classWeights }),
  };
  return createTrainerFrom(options, origin);
}

/** One variant from its state, or from its beginning, to its last epoch. */
class Stage {
  readonly #perEpoch: number;
  readonly #total: number;
  /** Of the epoch that runs. */
  #batches: LabelledItem[][] = [];
  #batchesOf = -1;
  #saved = performance.now();

  constructor(
    private readonly job: TrainingJob,
    private readonly variant: FcnVariant,
    private readonly trainer: Trainer,
  ) {
    this.#perEpoch = stepsOf(job, variant);
    this.#total = this.#perEpoch * job.settings.epochs;
  }

  get #lastEpoch(): number {
    return this.job.log.epochsOf(this.variant).at(-1)?.epoch ?? -1;
  }

  /** Whether it came to its end. */
  async run(onSaved: () => void): Promise<boolean> {
    const { trainer, job, variant } = this;
    const { data, settings, reader } = job;
    for (;;) {
      const epoch = Math.floor(trainer.steps / this.#perEpoch);
      if (this.#lastEpoch < epoch) {
        await this.#endEpoch(epoch);
        if (epoch > 0) await this.#save(onSaved);
        continue;
      }
      if (epoch === settings.epochs) return true;
      if (job.stopped()) {
        await this.#save(onSaved);
        return false;
      }
      if (this.#batchesOf !== epoch) {
        this.#batches = batchesOf(data.training, epoch, orderOf(settings, reader, variant));
        this.#batchesOf = epoch;
      }
      await this.#step(epoch);
      const isEnd = trainer.steps % this.#perEpoch === 0; // the state follows the epoch's line
      if (!isEnd && performance.now() - this.#saved >= job.saveEvery * 1000) await this.#save(onSaved);
    }
  }

  async #step(epoch: number): Promise<void> {
    const { trainer, job, variant } = this;
    const at = trainer.steps % this.#perEpoch;
    const [batch = [], next = []] = this.#batches.slice(at, at + 2);
    const variation = epoch % job.settings.variations;
    const samples = await Promise.all(batch.map((item) => job.reader.read(item)));
    job.reader.prefetch(next);
    const report = await trainer.step(samples.map((sample) => ({ sample, variation })));
    const { step, loss, rate } = report;
    await job.log.append({ variant, epoch: epoch + 1, step, loss, rate });
    job.watcher.step(report, { variant, epoch: epoch + 1, totalSteps: this.#total });
  }

  async #endEpoch(epoch: number): Promise<void> {
    const { trainer, job, variant } = this;
    const scores = job.data.heldOut.length ? await this.#measure() : {};
    const meanLoss = epoch > 0 ? { meanLoss: job.log.meanLoss(variant, epoch) } : {};
    const record: EpochRecord = { variant, epoch, steps: trainer.steps, ...meanLoss, ...scores };
    const isBest = epoch > 0 && isBetter(record, bestEpoch(job.log.epochsOf(variant)));
    if (isBest) await job.files.writeCheckpoint(BEST, await trainer.checkpoint());
    await job.log.append(record);
    job.watcher.epoch(record, { isBest });
  }

  async #measure(): Promise<Partial<EpochRecord>> {
    const { heldOut } = this.job.data;
    let confusion;
    for (const [i, item] of heldOut.entries()) {
      this.job.reader.prefetch(heldOut.slice(i + 1, i + 2));
      const own = await this.trainer.evaluate([await this.job.reader.read(item)]);
      if (confusion) confusion.merge(own);
      else confusion = own;
    }
    if (!confusion) return {};
    const { meanIoU, pixelAccuracy, perClassIoU } = confusion;
    return { meanIoU, pixelAccuracy, perClassIoU };
  }

  async #save(onSaved: () => void): Promise<void> {
    const { job, variant, trainer } = this;
    const state = await trainer.state();
    await job.log.flush();
    await job.files.writeState(variant, state);
    this.#saved = performance.now();
    onSaved();
  }
}

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
    const isDone = await new Stage(job, variant, trainer).run(onSaved);
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
