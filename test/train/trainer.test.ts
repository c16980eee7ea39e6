/** A trainer: what it learns goes into networks, and a restored one goes on bit for bit. */
import { describe, expect, it } from "vitest";
import { createFcn, loadFcn, openSource } from "../../src/node.js";
import { createTrainer } from "../../src/train/index.js";
import type { StepSample, Trainer, TrainerOptions, TrainingEvent } from "../../src/train/index.js";
import { useDevice } from "../helpers/device.js";
import { expectError } from "../helpers/expect-error.js";
import { watchMemory } from "../helpers/live-memory.js";
import { nextTurn } from "../helpers/promises.js";
import { colouredSample, smallBackbone } from "../helpers/training-samples.js";

const device = useDevice();
const MODES = ["heads", "all"] as const;
const NAMES = ["blue", "yellow", "green"];
const SAMPLES = [1, 2, 3].map((seed) => colouredSample(`sample ${seed}`, 48, 64, seed));
const HELD_OUT = [colouredSample("held out", 48, 64, 7), colouredSample("of another size", 40, 33, 8)];

const create = (options: Partial<TrainerOptions> = {}): Promise<Trainer> =>
  createTrainer({ device: device(), backbone: smallBackbone(), classes: NAMES, rate: 0.01, ...options });

/** Batches of one size, of two sizes, and of more pictures than go through the network at once. */
function batchOf(step: number): StepSample[] {
  const variation = step % 3;
  const [first, second, third] = SAMPLES.map((sample) => ({ sample, variation }));
  if (!first || !second || !third) throw new Error("three samples");
  const other = { sample: colouredSample("other", 33, 40, 5) };
  return [
    [first, second],
    [first, other],
    [third, second, first],
  ][step % 3] as StepSample[];
}

async function lossesOf(trainer: Trainer, from: number, to: number): Promise<number[]> {
  const losses: number[] = [];
  for (let step = from; step < to; step++) losses.push((await trainer.step(batchOf(step))).loss);
  return losses;
}

async function headsOf(trainer: Trainer): Promise<unknown> {
  return trainer.heads();
}

describe.each(MODES)("mode %s", (mode) => {
  it.each(["sgd", "adamw"] as const)("goes on from a state bit for bit with %s", async (kind) => {
    const options: Partial<TrainerOptions> = {
      mode,
      optimizer: { kind },
      schedule: { kind: "cosine", steps: 10, warmup: 2 },
      augment: { variations: 3 },
      maxPiece: 2,
    };
    const whole = await create(options);
    const wanted = await lossesOf(whole, 0, 10);
    const first = await create(options);
    const before = await lossesOf(first, 0, 5);
    const state = await first.state();
    first.dispose();
    const second = await create(options);
    await lossesOf(second, 3, 6); // is undone by the state
    await second.restore(state);
    expect(second.steps).toBe(5);
    expect([...before, ...(await lossesOf(second, 5, 10))]).toEqual(wanted);
    expect(await headsOf(second)).toEqual(await headsOf(whole));
    whole.dispose();
    second.dispose();
  });

  it("learns, and what it writes gives the labels that it evaluates", async () => {
    const trainer = await create({ mode, variant: "fcn8s" });
    const [before] = await lossesOf(trainer, 0, 1);
    for (let i = 0; i < 40; i++) await trainer.step(SAMPLES.map((sample) => ({ sample })));
    const { loss } = await trainer.step(batchOf(0));
    expect(loss).toBeLessThan((before as number) / 2);
    const fcn = await loadFcn({ weights: await trainer.save(), device: device() });
    expect([fcn.variant, fcn.classNames]).toEqual(["fcn8s", NAMES]);
    for (const { picture, labels: truth } of HELD_OUT) {
      const { labels } = await fcn.segment(picture);
      const same = { name: `labels of ${truth.length}`, picture, labels: Uint8Array.from(labels) };
      expect((await trainer.evaluate([same])).pixelAccuracy).toBe(1);
    }
    expect((await trainer.evaluate(SAMPLES)).meanIoU).toBeGreaterThan(0.5);
    fcn.dispose();
    trainer.dispose();
  });

  it("begins anew from weights that were saved", async () => {
    const options = { mode, optimizer: { kind: "sgd", momentum: 0.9 } } as const;
    const first = await create(options);
    await lossesOf(first, 0, 4);
    const saved = await first.save();
    const second = await create(options);
    await lossesOf(second, 1, 3); // is undone by load()
    await second.load(saved);
    expect(second.steps).toBe(0);
    expect(await second.save()).toEqual(saved);
    const third = await create({ ...options, backbone: await openSource(saved), heads: "file" });
    // In mode all the units of the third come from folded weights, and differ.
    if (mode === "heads") expect(await lossesOf(third, 0, 3)).toEqual(await lossesOf(second, 0, 3));
    first.dispose();
    second.dispose();
    third.dispose();
  });

  it("frees its memory, and tells how much it uses", async () => {
    const live = watchMemory(device());
    const trainer = await create({ mode });
    const parameters = trainer.bytes;
    expect(parameters).toBe(live.bytes);
    await trainer.step(batchOf(0));
    await trainer.evaluate(HELD_OUT);
    expect(trainer.bytes).toBe(live.bytes);
    expect(trainer.bytes).toBeGreaterThan(parameters);
    trainer.dispose();
    await nextTurn();
    live.stop();
    expect(live.count).toBe(0);
  });
});

it("gives heads for setHeads() and createFcn()", async () => {
  const trainer = await create();
  const backbone = smallBackbone();
  const classNames = NAMES;
  const fcn = await createFcn({
    device: device(),
    backbone,
    heads: await trainer.heads(),
    classNames,
    alignCorners: true,
  });
  for (let i = 0; i < 10; i++) await trainer.step(SAMPLES.map((sample) => ({ sample })));
  await fcn.setHeads(await trainer.heads());
  for (const { name, picture } of HELD_OUT) {
    const labels = Uint8Array.from((await fcn.segment(picture)).labels);
    // Features are kept in f16, so that a few pixels between two classes may differ.
    expect((await trainer.evaluate([{ name, picture, labels }])).pixelAccuracy).toBeGreaterThan(0.99);
  }
  fcn.dispose();
  trainer.dispose();
});

it("computes the features of a variation once", async () => {
  const trainer = await create({ augment: { variations: 3 } });
  for (let step = 0; step < 9; step++) await trainer.step(SAMPLES.map((sample) => ({ sample, variation: step % 3 })));
  expect(trainer.featuresMade).toBe(9);
  await trainer.evaluate(SAMPLES);
  expect(trainer.featuresMade).toBe(9);
  trainer.dispose();
});

it("saves no heads that do not go with the trained one", async () => {
  const headsOf = async (trainer: Trainer): Promise<string[]> => {
    const names = [...(await trainer.checkpoint()).tensors.keys()].filter((name) => name.startsWith("fcn"));
    trainer.dispose();
    return [...new Set(names.map((name) => name.split(".")[0] as string))].sort();
  };
  const photos = async (options: Partial<TrainerOptions>): Promise<string[]> =>
    headsOf(await create({ backbone: await openSource("photos"), variant: "fcn32s", classes: 21, ...options }));
  expect(await photos({ classes: NAMES })).toEqual(["fcn32s"]);
  expect(await photos({ mode: "all", heads: "file" })).toEqual(["fcn32s"]);
  expect(await photos({ heads: "file" })).toEqual(["fcn16s", "fcn32s", "fcn8s"]);
});

it("refuses features of a picture of another size under the same name", async () => {
  const trainer = await create();
  const [first = colouredSample("", 1, 1)] = SAMPLES;
  const other = { ...colouredSample(first.name, 40, 33), name: first.name };
  await trainer.step([{ sample: first }]);
  const message =
    /^sample 1#0: a picture of 33 x 40 needs \d+ bytes of features, \d+ are kept; give each picture a name/;
  for (const call of [() => trainer.step([{ sample: other }]), () => trainer.labels(other)])
    await expectError(call, "bad-shape", message);
  expect((await trainer.step([{ sample: first }])).step).toBe(2);
  trainer.dispose();
});

it("begins anew from the source of its own backbone, which stays open", async () => {
  const trained = await create();
  const backbone = await openSource(await trained.save());
  const trainer = await create({ backbone, heads: "file" });
  const first = await lossesOf(trainer, 0, 1);
  for (let i = 0; i < 2; i++) await trainer.load(backbone);
  expect(await lossesOf(trainer, 0, 1)).toEqual(first);
  // A batch of a new size needs weights of the backbone.
  expect((await trainer.evaluate(HELD_OUT)).total).toBeGreaterThan(0);
  trained.dispose();
  trainer.dispose();
});

it("reports steps and evaluations", async () => {
  const events: TrainingEvent[] = [];
  const trainer = await create({ onEvent: (event) => events.push(event) });
  const report = await trainer.step(batchOf(0));
  const confusion = await trainer.evaluate(SAMPLES);
  expect(events).toEqual([
    { kind: "step", ...report },
    { kind: "evaluation", step: 1, meanIoU: confusion.meanIoU, confusion },
  ]);
  trainer.dispose();
});

it("gives what a listener throws to the call, and goes on", async () => {
  let isAngry = true;
  const onEvent = (): void => {
    if (isAngry) throw new Error("listener");
  };
  const trainer = await create({ onEvent });
  await expect(trainer.step(batchOf(0))).rejects.toThrow("listener");
  isAngry = false;
  expect((await trainer.step(batchOf(0))).step).toBe(2);
  trainer.dispose();
});
