/** What trainers refuse, each with its sentence. */
import { describe, expect, it } from "vitest";
import { adamw } from "../../shaders/adamw/kernel.js";
import { sgd } from "../../shaders/sgd/kernel.js";
import { softmax } from "../../shaders/softmax/kernel.js";
import { requestDevice } from "../../src/node.js";
import { erase, makeProblem } from "../../src/kernel/kernel.js";
import { Graph } from "../../src/plan/graph.js";
import { createTrainer } from "../../src/train/index.js";
import type { Trainer, TrainerOptions } from "../../src/train/index.js";
import { differentiate } from "../../src/train/backward.js";
import { useDevice } from "../helpers/device.js";
import { expectError, sentenceOf } from "../helpers/expect-error.js";
import { limitMemory } from "../helpers/memory-budget.js";
import { nextTurn } from "../helpers/promises.js";
import { colouredSample, smallBackbone } from "../helpers/training-samples.js";

const device = useDevice();
const SAMPLE = colouredSample("leaf.png", 48, 64);
const create = (options: Partial<TrainerOptions> = {}): Promise<Trainer> =>
  createTrainer({ device: device(), backbone: smallBackbone(), classes: 3, ...options });

describe("createTrainer", () => {
  it.each([
    [{ classes: 1 }, "createTrainer: classes must be 2 to 255 names or their number, got 1"],
    [{ classes: 256 }, "createTrainer: classes must be 2 to 255 names or their number, got 256"],
    [{ classes: 2.5 }, "createTrainer: classes must be 2 to 255 names or their number, got 2.5"],
    [{ classes: ["only"] }, "createTrainer: classes must be 2 to 255 names or their number, got 1"],
    [{ rate: 0 }, "rate 0 must be a number above 0"],
    [{ maxPiece: 0 }, "maxPiece must be a whole number of 1 or more, got 0"],
    [{ augment: { zoom: 0.5 } }, "augment.zoom 0.5 must be a number from 1 to 16"],
    [{ classWeights: [1, 2] }, "classWeights must be 3 numbers of 0 or more, one for each class, got 2"],
    [
      { optimizer: { kind: "sgd", momentum: 1 } },
      "optimizer.momentum 1 must be a number of at least 0 and less than 1",
    ],
    [{ classes: [1, 2] as never }, "createTrainer: the name of class 0 must be a text, got number"],
    [{ seed: NaN }, "seed must be a whole number of 0 or more, got no number"],
    [{ seed: -1 }, "seed must be a whole number of 0 or more, got -1"],
    [
      { classWeights: [0, 0, 0] },
      "classWeights are all 0, so that nothing would be learnt; give one class a number above 0",
    ],
    [{ optimizer: { nope: 1 } as never }, 'optimizer needs a kind, "sgd" or "adamw"'],
    [
      { features: {} as never },
      "createTrainer: features needs the methods get, set and clear; new MemoryFeatures(bytes) has them",
    ],
    [
      { backbone: {} as never },
      "createTrainer: backbone: needs a checkpoint, its bytes or what openSource() gives, got Object",
    ],
    [{ schedule: { kind: "poly", steps: 0 } }, "schedule.steps 0 must be a whole number of 1 or more"],
  ] as const)("refuses %o", async (options, sentence) => {
    await expectError(() => create(options), "bad-option", sentence);
  });

  it("refuses heads that the file does not have", async () => {
    const sentence = sentenceOf(
      /^hashed has no head for fcn8s with 3 classes: it has no head, 0 classes; /,
      /createTrainer\(\) without heads makes a new one$/,
    );
    await expectError(() => create({ heads: "file" }), "bad-weights", sentence);
  });
});

describe("a trainer", () => {
  it("refuses batches that it cannot learn from, and goes on", async () => {
    const trainer = await create();
    const step = (sample = SAMPLE): Promise<unknown> => trainer.step([{ sample }]);
    const { labels } = SAMPLE;
    await expectError(
      () => trainer.step([]),
      "bad-option",
      "trainer.step: the batch is empty; give it one picture or more",
    );
    await expectError(
      () => step({ ...SAMPLE, labels: labels.map(() => 255) }),
      "bad-option",
      "trainer.step: no pixel of the batch has a label that counts; leave these pictures out",
    );
    await expectError(
      () => step({ ...SAMPLE, labels: labels.with(100, 3) }),
      "bad-image",
      "leaf.png: label 3 is none of the 3 classes (0 to 2, 255 does not count)",
    );
    await expectError(
      () => step({ ...SAMPLE, labels: labels.slice(1) }),
      "bad-shape",
      "leaf.png: 64 x 48 pixels need a label each (3072), got 3071",
    );
    await step();
    expect(trainer.steps).toBe(1);
    trainer.dispose();
    await expectError(step, "disposed", "this trainer was disposed; make a new one");
  });

  it("refuses states of other trainings, and keeps its own", async () => {
    const trainer = await create();
    await trainer.step([{ sample: SAMPLE }]);
    const [state, checkpoint] = [await trainer.state(), await trainer.save()];
    const other = await create({ optimizer: { kind: "sgd" } });
    await expectError(
      () => other.restore(state),
      "bad-weights",
      sentenceOf(
        /^restore: this training has fcn8s\.score32\.weight\.velocity \[3,32,1,1\], the state none: /,
        /it is of another network or optimiser$/,
      ),
    );
    const more = await create({ classes: 4 });
    await expectError(
      () => more.restore(state),
      "bad-weights",
      /^restore: this training has fcn8s\.score32\.weight \[4,32,1,1\], the state \[3,32,1,1\]: /,
    );
    await expectError(
      () => trainer.restore(checkpoint),
      "bad-weights",
      "restore: the file is no state of a training; give one that state() made",
    );
    await expectError(() => trainer.restore(state.slice(0, 1000)), "bad-weights", /./);
    expect(await trainer.state()).toEqual(state);
    for (const one of [trainer, other, more]) one.dispose();
  });

  it("refuses weights of other networks, and keeps its own", async () => {
    const [trainer, more, wide] = [await create(), await create({ classes: 4 }), await create({ variant: "fcn32s" })];
    const before = await trainer.save();
    await expectError(
      async () => trainer.load(await more.save()),
      "bad-weights",
      /has no head for fcn8s with 3 classes: it has fcn8s, 4 classes; createTrainer\(\) without heads makes a new one$/,
    );
    await expectError(
      async () => trainer.load(await wide.save()),
      "bad-weights",
      /has no head for fcn8s with 3 classes: it has fcn32s, 3 classes/,
    );
    await expectError(() => trainer.load(before.slice(0, 1000)), "bad-weights", /./);
    await expectError(
      () => trainer.load("photos" as never),
      "bad-option",
      "trainer.load: needs a checkpoint, its bytes or what openSource() gives, got string",
    );
    expect(await trainer.save()).toEqual(before);
    for (const one of [trainer, more, wide]) one.dispose();
  });

  it("says that the loss is no number, and which weight", async () => {
    const trainer = await create({ rate: 1e30 });
    const diverge = async (): Promise<void> => {
      for (let i = 0; i < 20; i++) await trainer.step([{ sample: SAMPLE }]);
    };
    await expectError(
      diverge,
      "gpu-error",
      sentenceOf(
        /^step \d+: the loss is (no number|infinite), /,
        /and (.* has values that are no numbers|all weights are numbers); go back/,
      ),
    );
    trainer.dispose();
  });
});

describe("a device without room", () => {
  it("says how much a training needs, and frees what was made", async () => {
    const own = await requestDevice();
    const budget = limitMemory(own, 2e5);
    const sentence = sentenceOf(
      /^a training in mode "all" is too large for this device: .*: the GPU is out of memory for \d+\.\d MB /,
      /more than the \d+\.\d MB that this device holds for this library \(there is no room\).*; use mode "heads"$/,
    );
    await expectError(() => create({ device: own, mode: "all" }), "out-of-memory", sentence);
    expect([budget.live.bytes, own.allocations.bytes]).toEqual([0, 0]);
    own.dispose();
  });

  it("refuses a size beyond the device before anything is resized to it", async () => {
    const trainer = await create({ device: device(), resize: 1e7 });
    const sentence =
      /^a step of 1 picture of 13333333 x 10000000 is too large for .*; use a smaller resize \(--resize\)$/;
    await expectError(() => trainer.step([{ sample: SAMPLE }]), "limit-too-small", sentence);
    trainer.dispose();
  });

  it("says what would help with a step, and goes on with smaller ones", async () => {
    const own = await requestDevice();
    const budget = limitMemory(own, Infinity);
    const trainer = await create({ device: own, mode: "all" });
    const small = colouredSample("small", 16, 16);
    await trainer.step([{ sample: small }]);
    budget.bytes = trainer.bytes + 1e5;
    const sentence = sentenceOf(
      /^a step of 2 pictures of 64 x 48 is too large for this device: plan: the GPU is out of memory for \d+\.\d MB /,
      /.*; use a smaller resize \(--resize\) or a maxPiece below 2 or mode "heads"$/,
    );
    await expectError(() => trainer.step([{ sample: SAMPLE }, { sample: SAMPLE }]), "out-of-memory", sentence);
    await nextTurn();
    expect(budget.live.bytes).toBe(trainer.bytes);
    expect((await trainer.step([{ sample: small }])).step).toBe(2);
    trainer.dispose();
    own.dispose();
  });
});

it("refuses a network with a kernel that has no gradient", async () => {
  const graph = new Graph();
  const x = graph.input("x", [1, 4, 2, 2], "nhwc4");
  const y = graph.op("probabilities", softmax, { x }).y;
  const seed = graph.input("seed", [1, 4, 2, 2], "nhwc4");
  const seeds = new Map([[y, seed]]);
  await expectError(
    () => differentiate(graph, { device: device(), trained: new Set(), seeds, wanted: [x] }),
    "bad-option",
    "train: probabilities: the kernel softmax has no gradient",
  );
});

describe("optimisers refuse", () => {
  const shape = [4, 3, 3, 3] as const;
  const problemOf = (kind: "sgd" | "adamw", shapes: Record<string, readonly number[]>) => {
    const moments = kind === "sgd" ? { velocity: shape } : { mean: shape, square: shape };
    const all = { weight: shape, gradient: shape, ...moments, rates: [1, 4, 1, 1], ...shapes };
    return makeProblem(kind === "sgd" ? erase(sgd) : erase(adamw), all, {});
  };

  it.each(["sgd", "adamw"] as const)("%s: rates, units and states of other shapes", async (kind) => {
    await expectError(
      () => problemOf(kind, { rates: [1, 3, 1, 1] }),
      "bad-shape",
      `${kind}: rates [1,3,1,1] needs [1,4,1,1]`,
    );
    await expectError(
      () => problemOf(kind, { unit: [3, 1, 1, 1] }),
      "bad-shape",
      `${kind}: unit [3,1,1,1] needs 4 values for weight [4,3,3,3]`,
    );
    await expectError(
      () => problemOf(kind, { gradient: [4, 3, 3, 1] }),
      "bad-shape",
      `${kind}: gradient [4,3,3,1] needs the weight's shape [4,3,3,3]`,
    );
  });
});
