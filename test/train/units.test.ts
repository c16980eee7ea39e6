/** Steps in units of the channel: as if no batch norm were folded, and by its size where no norm is known. */
import { expect, it } from "vitest";
import { decodePng, decodeLabelPng } from "../../src/image/png.js";
import type { Weight } from "../../src/kernel/weight.js";
import { openCheckpoint, openSource } from "../../src/node.js";
import { createTrainer } from "../../src/train/index.js";
import { Learner } from "../../src/train/learner.js";
import { optimizerOf } from "../../src/train/optimizer.js";
import { TrainingSession } from "../../src/train/training-session.js";
import { channelUnits } from "../../src/train/units.js";
import type { UnitOf } from "../../src/train/units.js";
import { useDevice } from "../helpers/device.js";
import { expectError } from "../helpers/expect-error.js";
import { relativeError } from "../helpers/finite-differences.js";
import { fixture } from "../helpers/reference-maps.js";
import { colouredSample, smallBackbone } from "../helpers/training-samples.js";

const device = useDevice();
const PHOTOS = "weights/fcn-mobilenet-v2-photos-f16.safetensors";
const RATE = 0.01;
const DECAY = 0.02;
const SAMPLE = colouredSample("sample", 48, 64);

const weightOf = (name: string, shape: readonly number[], values: readonly number[]): Weight => ({
  name,
  shape,
  read: () => Promise.resolve(Float32Array.from(values)),
});

/** One step over the sample, and the gradients before it. */
async function oneStep(learner: Learner, unitOf: UnitOf) {
  const trained = learner.trained("all");
  const optimizer = optimizerOf({ kind: "sgd", momentum: 0, weightDecay: DECAY });
  const options = { trained, optimizer, targets: "labels", rateScale: () => 1, unitOf } as const;
  const session = await TrainingSession.create(device(), options);
  const network = (graph: Parameters<Learner["fromPicture"]>[0]) => learner.fromPicture(graph, 1, [48, 64]);
  const piece = {
    shape: { key: "sample", network },
    inputs: { picture: SAMPLE.picture.data as Uint8Array, labels: SAMPLE.labels },
    scale: 1 / SAMPLE.labels.length,
  };
  await session.accumulate([piece]);
  const gradients = new Map<string, ArrayLike<number>>();
  for (const { name, gradient } of session.parameters.values()) gradients.set(name, await gradient.read());
  session.dispose();
  const stepping = await TrainingSession.create(device(), options);
  await stepping.run([piece], RATE);
  const values = new Map<string, ArrayLike<number>>();
  for (const parameter of stepping.parameters.values()) values.set(parameter.name, await parameter.values.read());
  stepping.dispose();
  return { gradients, values };
}

it("makes SGD's step that of the convolutions before their batch norms were folded", async () => {
  const file = smallBackbone();
  const options = { variant: "fcn8s", classes: 3, heads: "init", mode: "all", alignCorners: true } as const;
  const learner = await Learner.create(file, { ...options, resize: undefined, preprocessing: undefined });
  const weights = learner.trained("all");
  const { factors } = learner.origin;
  const unitOf = channelUnits({ optimizer: "sgd", weights, factors, isNew: (name) => learner.isNew(name) });
  const { gradients, values } = await oneStep(learner, unitOf);
  let checked = 0;
  for (const weight of weights) {
    const { name, shape } = weight;
    const before = await weight.read();
    const gradient = gradients.get(name) as Float32Array;
    const perChannel = before.length / (shape[0] as number);
    const isBias = shape.length === 1;
    const factor = await factors.get(name)?.();
    checked += factor ? 1 : 0;
    // The convolution's own weight. A folded bias stands for a bias that the convolution did not have.
    const own = factor && !isBias ? await file.readFloat64(name) : Float64Array.from(before);
    const wanted = own.map((value, i) => {
      const f = factor?.[Math.floor(i / perChannel)] ?? 1;
      const scale = isBias ? 1 : f;
      const slope = f * (gradient[i] as number) + (isBias ? 0 : DECAY * value);
      return isBias ? value - RATE * f * slope : scale * (value - RATE * slope);
    });
    expect(relativeError(values.get(name) ?? [], wanted), name).toBeLessThan(1e-6);
    const moved = before.map((value, i) => (values.get(name)?.[i] as number) - value);
    const shouldMove = wanted.map((value, i) => value - (before[i] as number));
    expect(relativeError(moved, shouldMove), `${name} moved`).toBeLessThan(2e-3);
  }
  expect(checked).toBe(2 * 20);
});

it("are the sizes of the channels where no norm is known, and never zero", async () => {
  const weight = weightOf("a.weight", [4, 2, 1, 1], [3, 4, 0, 0, -1, 1, 1e-9, 0]);
  const bias = weightOf("a.bias", [4], [1, 2, 3, 4]);
  const zeros = weightOf("skip.weight", [2, 2, 1, 1], [0, 0, 0, 0]);
  const fresh = weightOf("new.weight", [1, 2, 1, 1], [1, 2]);
  const weights = [weight, bias, zeros, fresh];
  const factors = new Map();
  const isNew = (name: string): boolean => name.startsWith("new.");
  const whole = Math.sqrt(27 / 8);
  const sizes = [Math.sqrt(12.5), 1e-3 * whole, 1, 1e-3 * whole].map(Math.fround);
  const sgd = channelUnits({ optimizer: "sgd", weights, factors, isNew });
  expect(relativeError((await sgd(weight)) ?? [], sizes)).toBeLessThan(1e-6);
  expect(await sgd(zeros)).toBeUndefined();
  expect(await sgd(fresh)).toBeUndefined();
  const adamw = channelUnits({ optimizer: "adamw", weights, factors, isNew });
  const scaled = (factor: number): number[] => sizes.map((size) => size * factor);
  expect(relativeError((await adamw(weight)) ?? [], scaled(Math.SQRT1_2))).toBeLessThan(1e-6);
  for (const unitOf of [sgd, adamw])
    expect(relativeError((await unitOf(bias)) ?? [], scaled(Math.SQRT2))).toBeLessThan(1e-6);
});

it("guard against norms of zero", async () => {
  const weight = weightOf("a.weight", [3, 1, 1, 1], [0, 1, 2]);
  const unitsOf = (...values: number[]): Promise<Float32Array | undefined> => {
    const factors = new Map([["a.weight", () => Promise.resolve(Float64Array.from(values))]]);
    return channelUnits({ optimizer: "sgd", weights: [weight], factors, isNew: () => false })(weight);
  };
  expect(relativeError((await unitsOf(0, -2, 0.5)) ?? [], [2e-6, 2, 0.5])).toBeLessThan(1e-6);
  expect(await unitsOf(0, 0, 0)).toBeUndefined();
});

it("let the network of the photographs learn from the first step on", async () => {
  const backbone = await openCheckpoint(await openSource(PHOTOS));
  const options = { device: device(), backbone, classes: 21, heads: "file", mode: "all", resize: 96 } as const;
  const samples = ["astronaut", "chelsea", "coffee"].map((name) => ({
    name,
    picture: decodePng(fixture(`samples/photographs/${name}.png`), name),
    // Those of FCN-32s: what FCN-8s can still learn from them is little, so that a step that is too long shows.
    labels: decodeLabelPng(fixture(`test/fixtures/photos/${name}.fcn32s.png`), name).labels,
  }));
  const lossesOf = async (units: "channel" | "none"): Promise<number[]> => {
    const trainer = await createTrainer({ ...options, units });
    const losses: number[] = [];
    for (let i = 0; i < 6; i++) losses.push((await trainer.step(samples.map((sample) => ({ sample })))).loss);
    trainer.dispose();
    return losses;
  };
  const losses = await lossesOf("channel");
  const plain = await lossesOf("none");
  const listed = (values: readonly number[]): string => values.map((loss) => loss.toFixed(4)).join(" ");
  console.log(`losses in units of the channel: ${listed(losses)}; without: ${listed(plain)}`);
  for (const [i, loss] of losses.slice(1).entries()) expect(loss).toBeLessThan(losses[i] as number);
  await backbone.close();
});

it("are refused for heads alone", async () => {
  await expectError(
    () => createTrainer({ device: device(), backbone: smallBackbone(), classes: 3, units: "channel" }),
    "bad-option",
    'units are for mode "all": heads have no folded batch norms; leave them out',
  );
});
