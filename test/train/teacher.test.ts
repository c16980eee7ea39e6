/** Distillation: heads that learn what a teacher says of pictures without labels. */
import { describe, expect, it } from "vitest";
import { paperFcnTensors } from "../../bench/hashed-weights.js";
import type { RgbaPicture } from "../../src/image/picture.js";
import { MemoryFeatures, createTrainer } from "../../src/train/index.js";
import type { Trainer, TrainerOptions } from "../../src/train/index.js";
import { useDevice } from "../helpers/device.js";
import { expectError } from "../helpers/expect-error.js";
import { loadHashed } from "../helpers/small-networks.js";
import { colouredSample, smallBackbone } from "../helpers/training-samples.js";

const device = useDevice();
const SAMPLES = [1, 2, 3].map((seed) => colouredSample(`sample ${seed}`, 48, 64, seed));
const PICTURES = SAMPLES.map(({ name, picture }) => ({ name, picture }));
const CLASSES = 3;

const create = (options: Partial<TrainerOptions>): Promise<Trainer> =>
  createTrainer({ device: device(), backbone: smallBackbone(), classes: CLASSES, rate: 0.01, ...options });

/** Knows the colour of each class: 0.9 for the nearest, the rest for the others. */
async function byColour({ width, height, data }: RgbaPicture): Promise<Float32Array> {
  const pixels = width * height;
  const result = new Float32Array(CLASSES * pixels).fill(0.05);
  for (let i = 0; i < pixels; i++) {
    const [red = 0, green = 0, blue = 0] = data.subarray(4 * i, 4 * i + 3);
    const best = red > 140 ? 1 : Number(green > blue) * 2;
    result[best * pixels + i] = 0.9;
  }
  return Promise.resolve(result);
}

async function stepsOf(trainer: Trainer, count: number): Promise<number[]> {
  const losses: number[] = [];
  for (let i = 0; i < count; i++) losses.push((await trainer.step(PICTURES.map((sample) => ({ sample })))).loss);
  return losses;
}

describe("a teacher", () => {
  it.each(["heads", "all"] as const)("that is a function: mode %s learns its labels", async (mode) => {
    let calls = 0;
    const teacher = (picture: RgbaPicture): Promise<Float32Array> => {
      calls++;
      return byColour(picture);
    };
    const trainer = await create({ teacher, mode, maxPiece: 2 });
    const losses = await stepsOf(trainer, 40);
    expect(losses.at(-1)).toBeLessThan((losses[0] as number) / 2);
    expect((await trainer.evaluate(SAMPLES)).pixelAccuracy).toBeGreaterThan(0.7);
    expect(calls).toBe(PICTURES.length);
    trainer.dispose();
  });

  it("that is a network: its probabilities are the targets", async () => {
    const fcn = await loadHashed(device(), paperFcnTensors(CLASSES, 4, 18), { resize: "none" });
    const options = { heads: "init", variant: "fcn8s" } as const;
    const trainer = await create({ ...options, teacher: fcn });
    const losses = await stepsOf(trainer, 60);
    expect(losses.at(-1)).toBeLessThan(losses[0] as number);
    const own = await create({ ...options, teacher: async (picture) => (await fcn.probabilities(picture)).data });
    expect(await stepsOf(own, 60)).toEqual(losses);
    const labelled = [];
    for (const { name, picture } of PICTURES)
      labelled.push({ name, picture, labels: Uint8Array.from((await fcn.segment(picture)).labels) });
    expect((await trainer.evaluate(labelled)).pixelAccuracy).toBeGreaterThan(0.8);
    for (const one of [trainer, own, fcn]) one.dispose();
  });

  it("makes the loss a mean over all pixels, whatever their labels", async () => {
    const trainer = await create({ teacher: byColour });
    const [first] = SAMPLES;
    if (!first) throw new Error("a sample");
    const sample = { ...first, labels: first.labels.map(() => 255) };
    const { loss } = await trainer.step([{ sample }]);
    const summed = await create({ teacher: byColour, loss: "sum" });
    const sum = (await summed.step([{ sample }])).loss;
    expect(Math.abs(sum / (48 * 64) / loss - 1)).toBeLessThan(1e-5);
    for (const one of [trainer, summed]) one.dispose();
  });

  it("is refused with other classes, and with values that are no probabilities", async () => {
    const fcn = await loadHashed(device(), paperFcnTensors(5, 4, 18), { resize: "none" });
    await expectError(
      () => create({ teacher: fcn }),
      "bad-option",
      "createTrainer: the teacher has 5 classes, the network that learns 3; give a teacher with the same classes",
    );
    await expectError(
      () => create({ teacher: {} as typeof fcn }),
      "bad-option",
      "createTrainer: teacher must be a function or what loadFcn() gives, got Object",
    );
    const few = await create({ teacher: () => Promise.resolve(new Float32Array(7)) });
    await expectError(
      () => stepsOf(few, 1),
      "bad-shape",
      "teacher: 3 classes of 64 x 48 pixels need 9216 probabilities, got 7",
    );
    const logits = await create({ teacher: async (picture) => (await byColour(picture)).map((value) => value * 8) });
    await expectError(
      () => stepsOf(logits, 1),
      "bad-image",
      "teacher: sample 1#0 needs probabilities from 0 to 1, has 7.20",
    );
    const ones = await create({
      teacher: ({ width, height }) => Promise.resolve(new Float32Array(3 * width * height).fill(1)),
    });
    await expectError(
      () => stepsOf(ones, 1),
      "bad-image",
      "teacher: sample 1#0 has a pixel whose probabilities add up to 3.00, not 1; give a softmax",
    );
    await expectError(
      () => create({ softTargets: new MemoryFeatures(1e6) }),
      "bad-option",
      "softTargets keeps what a teacher says; give a teacher too, or leave it out",
    );
    const none = await create({});
    await expectError(
      () => stepsOf(none, 1),
      "bad-option",
      "sample 1: it has no labels; give them, or give createTrainer a teacher",
    );
    for (const one of [fcn, few, logits, ones, none]) one.dispose();
  });
});
