/** One stage of a training: a variant from its state, or from its beginning, to its last epoch. */
import { defined } from "../base/defined.js";
import { bestEpoch, isBetter } from "../eval/training-records.js";
import type { EpochRecord } from "../eval/training-records.js";
import type { Device } from "../gpu/device.js";
import type { RgbaPicture } from "../image/picture.js";
import type { FcnVariant } from "../models/fcn-head.js";
import { createTrainerFrom } from "../train/create-trainer.js";
import type { TrainerOptions } from "../train/create-trainer.js";
import type { Trainer } from "../train/trainer.js";
import type { DatasetItem } from "./datasets.js";
import { BEST } from "./train-files.js";
import type { TrainingJob } from "./train-job.js";
import type { FullSettings } from "./train-options.js";
import { batchesOf } from "./train-order.js";
import { startOfStage } from "./train-stages.js";
import type { FinishedStage } from "./train-stages.js";
import type { SampleReader } from "./train-samples.js";
import { withTruth } from "./train-teacher.js";

function stepsOf({ data, settings, reader }: TrainingJob, variant: FcnVariant): number {
  return batchesOf(data.training, 0, orderOf(settings, reader, variant)).length;
}

const orderOf = ({ seed, batch }: FullSettings, { sizes }: SampleReader, stage: FcnVariant) => ({
  seed,
  stage,
  batch,
  sizeOf: ({ key }: { readonly key: string }) => sizes.get(key) ?? "",
});

export async function openStage(
  job: TrainingJob,
  device: Device,
  variant: FcnVariant,
  before: readonly FinishedStage[],
): Promise<Trainer> {
  const { settings, classNames, classWeights, features, teacher } = job;
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
    ...(teacher && {
      teacher: (picture: RgbaPicture) => teacher.probabilities(device, picture),
      softTargets: teacher.store,
    }),
  };
  return createTrainerFrom(options, origin);
}

/** One variant from its state, or from its beginning, to its last epoch. */
export class TrainingStage {
  readonly #perEpoch: number;
  readonly #total: number;
  /** Of the epoch that runs. */
  #batches: DatasetItem[][] = [];
  #batchesOf = -1;
  #saved = performance.now();

  constructor(
    private readonly job: TrainingJob,
    private readonly variant: FcnVariant,
    private readonly trainer: Trainer,
    private readonly device: Device,
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
    const meanLoss = job.log.meanLoss(variant, epoch);
    const record: EpochRecord = { variant, epoch, steps: trainer.steps, ...defined({ meanLoss }), ...scores };
    const isBest = epoch > 0 && isBetter(record, bestEpoch(job.log.epochsOf(variant)));
    if (isBest) await job.files.writeCheckpoint(BEST, await trainer.checkpoint());
    await job.log.append(record);
    job.watcher.epoch(record, { isBest });
  }

  async #measure(): Promise<Partial<EpochRecord>> {
    const { data, reader, teacher } = this.job;
    const { heldOut, truth } = data;
    let confusion;
    for (const [i, item] of heldOut.entries()) {
      reader.prefetch(heldOut.slice(i + 1, i + 2));
      const own = await this.trainer.evaluate([await withTruth(await reader.read(item), teacher, this.device)]);
      if (confusion) confusion.merge(own);
      else confusion = own;
    }
    if (!confusion) return {};
    const { meanIoU, pixelAccuracy, perClassIoU } = confusion;
    const scores = { meanIoU, pixelAccuracy, perClassIoU };
    return truth === "teacher" ? { agreementWithTeacher: scores } : scores;
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
