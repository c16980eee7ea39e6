/** Steps in which no pixel counts: views that show no label, and classes that weigh nothing. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TrainingLog } from "../../src/cli/train-log.js";
import { TRAINING_FORMAT } from "../../src/eval/training-records.js";
import { createTrainer } from "../../src/train/index.js";
import type { StepReport, Trainer, TrainerOptions, TrainingSample } from "../../src/train/index.js";
import { useDevice } from "../helpers/device.js";
import { colouredSample, smallBackbone } from "../helpers/training-samples.js";

const device = useDevice();
const WHOLE = colouredSample("sparse", 48, 64, 1);
/** Labelled in one corner only. */
const SPARSE: TrainingSample = { ...WHOLE, labels: WHOLE.labels.map((_, i) => (i === 0 ? 1 : 255)) };
const PLAIN: TrainingSample = { ...WHOLE, name: "plain", labels: WHOLE.labels.map(() => 0) };

const create = (mode: "heads" | "all", options: Partial<TrainerOptions>): Promise<Trainer> =>
  createTrainer({ device: device(), backbone: smallBackbone(), classes: 3, rate: 0.01, mode, ...options });

it("steps in which no pixel counted are left out of the mean loss of an epoch, which would seem the best", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fcn-uncounted-"));
  const header = { format: TRAINING_FORMAT, settings: {}, classNames: [], weights: "", weightsHash: "" } as const;
  const log = await TrainingLog.open(
    folder,
    { ...header, training: 1, heldOut: 0, dataHash: "", adapter: "" },
    undefined,
  );
  for (const [i, loss] of [0.5, 0, 0.7, 0].entries())
    await log.append({ variant: "fcn8s", epoch: i < 3 ? 1 : 2, step: i + 1, loss, rate: 1 });
  expect([log.meanLoss("fcn8s", 1), log.meanLoss("fcn8s", 2)]).toEqual([0.6, undefined]);
  await log.close();
  await rm(folder, { recursive: true });
});

describe.each(["heads", "all"] as const)("mode %s", (mode) => {
  it("goes on where a view shows no label of a picture that has one", async () => {
    const trainer = await create(mode, { augment: { variations: 4, zoom: 16 } });
    const reports: StepReport[] = [];
    for (let variation = 0; variation < 4; variation++)
      reports.push(await trainer.step([{ sample: SPARSE, variation }]));
    const [first, ...others] = reports.map(({ loss }) => loss);
    expect([trainer.steps, first !== 0, others]).toEqual([4, true, [0, 0, 0]]);
    trainer.dispose();
  });

  it("goes on, and changes nothing, where all pixels are of a class that weighs nothing", async () => {
    const optimizer = { kind: "sgd", momentum: 0, weightDecay: 0 } as const;
    const trainer = await create(mode, { classWeights: [0, 1, 1], optimizer });
    const before = await trainer.save();
    expect(await trainer.step([{ sample: PLAIN }])).toMatchObject({ step: 1, loss: 0 });
    expect(await trainer.save()).toEqual(before);
    trainer.dispose();
  });
});
