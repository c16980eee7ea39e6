/** Arguments of the wrong types, as plain JavaScript passes them to trainers. */
import { describe, expect, it } from "vitest";
import { createTrainer } from "../../src/train/index.js";
import type { Picture } from "../../src/node.js";
import type { Trainer, TrainerOptions } from "../../src/train/index.js";
import { useDevice } from "../helpers/device.js";
import { expectError } from "../helpers/expect-error.js";
import { colouredSample, smallBackbone } from "../helpers/training-samples.js";

const device = useDevice();
const SAMPLE = colouredSample("leaf.png", 48, 64);
const create = (options: Partial<TrainerOptions> = {}): Promise<Trainer> =>
  createTrainer({ device: device(), backbone: smallBackbone(), classes: 3, ...options });

describe("a trainer", () => {
  it("refuses what is no batch, sample, picture, state or dtype", async () => {
    const trainer = await create();
    const sample = "each sample is { name, picture, labels }: a text, { width, height, data } and labels";
    const wrong: readonly (readonly [(one: Trainer) => Promise<unknown>, string, string])[] = [
      [(one) => one.step({} as never), "bad-option", "trainer.step: give an array of { sample }, got Object"],
      [(one) => one.step([null as never]), "bad-option", `trainer.step: ${sample}`],
      [(one) => one.step([{} as never]), "bad-option", `trainer.step: ${sample}`],
      [
        (one) => one.step([{ sample: SAMPLE, variation: -1 }]),
        "bad-option",
        "trainer.step: variation must be a whole number of 0 or more, got -1",
      ],
      [
        (one) => one.step([{ sample: { ...SAMPLE, labels: Array.from(SAMPLE.labels) as never } }]),
        "bad-shape",
        "leaf.png: labels are a Uint8Array, got Array",
      ],
      [(one) => one.evaluate(null as never), "bad-option", "trainer.evaluate: give an array of samples, got null"],
      [(one) => one.evaluate([null as never]), "bad-option", `trainer.evaluate: ${sample}`],
      [(one) => one.labels(null as never), "bad-option", `trainer.labels: ${sample}`],
      [(one) => one.restore(null as never), "bad-option", "trainer.restore: give what state() gave, got null"],
      [(one) => one.save("f64" as never), "bad-option", 'trainer.save: dtype "f64" is not one of f32, f16'],
    ];
    for (const [call, code, sentence] of wrong) await expectError(() => call(trainer), code, sentence);
    trainer.dispose();
  });

  it("refuses what its stores and its teacher give, unless it is features, targets or probabilities", async () => {
    const give = { set: () => undefined, clear: () => undefined };
    const needed = "needs the Map of Uint8Array that set() was given, or nothing";
    const teacher = (picture: Picture): Promise<Float32Array> =>
      Promise.resolve(new Float32Array(3 * picture.width * picture.height).fill(1 / 3));
    const wrong: readonly (readonly [Partial<TrainerOptions>, string, string])[] = [
      [{ features: { ...give, get: () => "kept" as never } }, "bad-option", `store of features: leaf.png#0 ${needed}`],
      [
        { features: { ...give, get: () => new Map([[32, new ArrayBuffer(4)]]) as never } },
        "bad-option",
        `store of features: leaf.png#0 ${needed}`,
      ],
      [
        { teacher, softTargets: { ...give, get: () => ({}) as never } },
        "bad-option",
        `store of features: leaf.png#0 targets ${needed}`,
      ],
      [
        { teacher: () => Promise.resolve(undefined as never) },
        "bad-shape",
        "teacher: 3 classes of 64 x 48 pixels need 9216 probabilities, got none",
      ],
    ];
    for (const [options, code, sentence] of wrong) {
      const trainer = await create(options);
      await expectError(() => trainer.step([{ sample: SAMPLE }]), code, sentence);
      trainer.dispose();
    }
    const forgetful = await create({ features: { ...give, get: () => null as never } });
    expect((await forgetful.step([{ sample: SAMPLE }])).step).toBe(1);
    forgetful.dispose();
  });
});
