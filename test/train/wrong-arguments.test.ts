/** Arguments of the wrong types, as plain JavaScript passes them to trainers. */
import { describe, it } from "vitest";
import { createTrainer } from "../../src/train/index.js";
import type { Trainer } from "../../src/train/index.js";
import { useDevice } from "../helpers/device.js";
import { expectError } from "../helpers/expect-error.js";
import { colouredSample, smallBackbone } from "../helpers/training-samples.js";

const device = useDevice();
const SAMPLE = colouredSample("leaf.png", 48, 64);
const create = (): Promise<Trainer> => createTrainer({ device: device(), backbone: smallBackbone(), classes: 3 });

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
});
