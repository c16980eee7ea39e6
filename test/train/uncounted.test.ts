/** Steps in which no pixel counts: views that show no label, and classes that weigh nothing. */
import { describe, expect, it } from "vitest";
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
