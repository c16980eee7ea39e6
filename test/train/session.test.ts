/** Steps of a training: what they create, pieces of a batch, class weights; the same inputs give the same bits. */
import { describe, expect, it } from "vitest";
import type { Graph, Value } from "../../src/plan/graph.js";
import { finished } from "../../src/train/last-step.js";
import type { Piece, TrainingSession } from "../../src/train/training-session.js";
import { countingCreations } from "../helpers/count-creations.js";
import { countingSubmits } from "../helpers/count-submits.js";
import { useDevice } from "../helpers/device.js";
import { relativeError } from "../helpers/finite-differences.js";
import { headsSession, parametersOf, singlePictures, wholeBatch } from "../helpers/heads-session.js";
import { watchMemory } from "../helpers/live-memory.js";
import { SIZE, labelValues, manifest } from "../helpers/training-fixtures.js";
import type { HeadsCase } from "../helpers/training-fixtures.js";

const device = useDevice();
const caseNamed = (name: string): HeadsCase => manifest.cases.find((one) => one.name === name) as HeadsCase;
const MEAN = caseNamed("fcn8s.mean.sgd");
const ADAM = caseNamed("fcn8s.mean.adamw");
const RATE = 0.01;
const PIXELS = SIZE.height * SIZE.width;

interface Pass {
  readonly loss: number;
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

/** Loss and gradients of the untrained heads of a case. */
async function passOver(pieces: readonly Piece[], test: HeadsCase, classWeights?: Float32Array): Promise<Pass> {
  const session = await headsSession(device(), test, classWeights);
  const loss = await session.accumulate(pieces);
  const gradients = await parametersOf(session, "gradient");
  session.dispose();
  return { loss, gradients };
}

function expectClose(got: Pass, wanted: Pass): void {
  expect(Math.abs(got.loss / wanted.loss - 1)).toBeLessThan(1e-5);
  expect([...got.gradients.keys()]).toEqual([...wanted.gradients.keys()]);
  for (const [name, gradient] of got.gradients)
    expect(relativeError(gradient, wanted.gradients.get(name) ?? []), name).toBeLessThan(1e-5);
}

const sumOf = (passes: readonly Pass[]): Pass => {
  const names = [...(passes[0]?.gradients.keys() ?? [])];
  const added = (name: string): Float32Array =>
    passes
      .map(({ gradients }) => gradients.get(name) as Float32Array)
      .reduce((sum, gradient) => sum.map((value, i) => value + (gradient[i] as number)));
  return {
    loss: passes.reduce((sum, { loss }) => sum + loss, 0),
    gradients: new Map(names.map((name) => [name, added(name)])),
  };
};

/** The gradients and the loss times a factor. */
const scaledPass = ({ loss, gradients }: Pass, factor: number): Pass => ({
  loss: loss * factor,
  gradients: new Map([...gradients].map(([name, values]) => [name, values.map((value) => value * factor)])),
});

describe("a step of a shape that was seen before", () => {
  it.each([MEAN, ADAM])("creates nothing on the device, and is one submit: $name", async (test) => {
    const session = await headsSession(device(), test);
    const pieces = [wholeBatch(test)];
    await session.run(pieces, RATE);
    let submits = 0;
    const creations = await countingCreations(device(), async () => {
      submits = await countingSubmits(device(), () => session.run(pieces, RATE));
    });
    expect([creations, submits]).toEqual([{}, 1]);
    session.dispose();
  });

  it("in pieces is one submit for each, and one for the optimiser", async () => {
    const session = await headsSession(device(), MEAN);
    const pieces = singlePictures(MEAN);
    await session.run(pieces, RATE);
    let submits = 0;
    const creations = await countingCreations(device(), async () => {
      submits = await countingSubmits(device(), () => session.run(pieces, RATE));
    });
    expect([creations, submits]).toEqual([{}, 3]);
    session.dispose();
  });
});

describe("gradients", () => {
  it("of pieces are those of the whole batch", async () => {
    expectClose(await passOver(singlePictures(MEAN), MEAN), await passOver([wholeBatch(MEAN)], MEAN));
  });

  it.each([MEAN, caseNamed("fcn8s.distil.sgd")])("are the same where all logits are written: $name", async (test) => {
    const fused = wholeBatch(test);
    const network = (graph: Graph): Value => finished(graph, fused.shape.network(graph));
    const written = { ...fused, shape: { key: "written", network } };
    expectClose(await passOver([fused], test), await passOver([written], test));
  });

  it("of a sum are those of a mean times the labelled pixels", async () => {
    const mean = await passOver([wholeBatch(MEAN)], MEAN);
    const whole = wholeBatch(MEAN);
    expectClose(await passOver([{ ...whole, scale: 1 }], MEAN), scaledPass(mean, manifest.labels.valid));
  });

  it("with class weights are the weighted sum of those of each class", async () => {
    const whole = { ...wholeBatch(MEAN), scale: 1 };
    const labels = labelValues(2);
    const classes = [...new Set(labels)].filter((label) => label !== 255);
    const weightOf = (label: number): number => (label === 3 ? 0 : 0.25 + (label % 4));
    const ofClass = async (label: number): Promise<Pass> => {
      const own = labels.map((one) => (one === label ? one : 255));
      const { inputs } = whole;
      return scaledPass(await passOver([{ ...whole, inputs: { ...inputs, labels: own } }], MEAN), weightOf(label));
    };
    const parts: Pass[] = [];
    for (const label of classes) parts.push(await ofClass(label));
    const weights = Float32Array.from({ length: 21 }, (_, label) => weightOf(label));
    expectClose(await passOver([whole], MEAN, weights), sumOf(parts));
  });

  it("of a picture whose labels are all ignored are zero", async () => {
    const whole = wholeBatch(MEAN);
    const labels = new Uint8Array(2 * PIXELS).fill(255);
    const { loss, gradients } = await passOver([{ ...whole, inputs: { ...whole.inputs, labels } }], MEAN);
    expect(loss).toBe(0);
    for (const [name, gradient] of gradients)
      expect(
        gradient.every((value) => value === 0),
        name,
      ).toBe(true);
  });
});

/** Weights after some steps, and the losses. */
async function trained(test: HeadsCase, steps: number) {
  const session = await headsSession(device(), test);
  const losses = await lossesOf(session, [wholeBatch(test)], steps);
  const values = await parametersOf(session, "values");
  session.dispose();
  return { losses, values };
}

async function lossesOf(session: TrainingSession, pieces: readonly Piece[], steps: number): Promise<number[]> {
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) losses.push(await session.run(pieces, RATE));
  return losses;
}

it.each([MEAN, ADAM])("the same inputs give the same bits: $name", async (test) => {
  expect(await trained(test, 4)).toEqual(await trained(test, 4));
});

async function expectZeroGradients(session: TrainingSession): Promise<void> {
  for (const [name, gradient] of await parametersOf(session, "gradient"))
    expect(
      gradient.every((value) => value === 0),
      name,
    ).toBe(true);
}

it("keeps the gradients at zero between steps", async () => {
  const session = await headsSession(device(), ADAM);
  await session.run([wholeBatch(ADAM)], RATE);
  await session.run(singlePictures(ADAM), RATE);
  await expectZeroGradients(session);
  session.dispose();
});

it("a step that fails after its first piece leaves no gradient to the next one, and no step", async () => {
  const session = await headsSession(device(), ADAM);
  const [first, second] = singlePictures(ADAM) as [Piece, Piece];
  const broken = { ...second, inputs: { ...second.inputs, labels: new Uint8Array(4) } };
  await expect(session.run([first, broken], RATE)).rejects.toMatchObject({ code: "bad-shape" });
  await expectZeroGradients(session);
  const fresh = await headsSession(device(), ADAM);
  const losses = await lossesOf(session, [first], 3);
  expect([session.steps, losses]).toEqual([3, await lossesOf(fresh, [first], 3)]);
  session.dispose();
  fresh.dispose();
});

it("keeps its memory over 200 steps, and frees it", async () => {
  const live = watchMemory(device());
  const session = await headsSession(device(), ADAM);
  const [whole, pieces] = [[wholeBatch(ADAM)], singlePictures(ADAM)];
  const first = [...(await lossesOf(session, whole, 2)), ...(await lossesOf(session, pieces, 2))][0] as number;
  const [bytes, count] = [live.bytes, live.count];
  const counted = session.bytes;
  for (let i = 0; i < 50; i++) {
    await lossesOf(session, whole, 2);
    await lossesOf(session, pieces, 2);
    expect([live.bytes, live.count, session.bytes]).toEqual([bytes, count, counted]);
  }
  const [last = NaN] = await lossesOf(session, whole, 1);
  expect(last).toBeLessThan(first / 2);
  expect(counted).toBe(bytes);
  session.dispose();
  await device().gpu.queue.onSubmittedWorkDone();
  live.stop();
  expect(live.bytes).toBe(0);
});
