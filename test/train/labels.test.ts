/** Labels of a picture while training: those that the saved network gives, and that the evaluation counts. */
import { expect, it } from "vitest";
import { decodePng, loadFcn, openSource } from "../../src/node.js";
import { toRgba } from "../../src/image/picture.js";
import { shrink } from "../../src/image/shrink.js";
import { createTrainer } from "../../src/train/index.js";
import { useDevice } from "../helpers/device.js";
import { agreement, fixture } from "../helpers/reference-maps.js";

const device = useDevice();
const picture = shrink(toRgba(decodePng(fixture("samples/farm.png"))), 120, 192);
/** The upper part is sky, the lower part is not; the middle does not count. */
const labels = Uint8Array.from({ length: 192 * 120 }, (_, i) => (i < 192 * 40 ? 1 : i < 192 * 80 ? 255 : 0));
const sample = { name: "farm", picture, labels };

it("trainer.labels() gives the labels of the saved network, without computing features again", async () => {
  const backbone = await openSource("photos");
  const trainer = await createTrainer({ device: device(), backbone, classes: ["not", "sky"], rate: 5e-3 });
  for (let i = 0; i < 15; i++) await trainer.step([{ sample }]);
  const found = await trainer.labels(sample);
  expect([trainer.featuresMade, found.length]).toEqual([1, labels.length]);
  const confusion = await trainer.evaluate([sample]);
  const counted = labels.map((label, i) => Number(label !== 255 && label === found[i]));
  expect(confusion.pixelAccuracy).toBeCloseTo(counted.reduce((a, b) => a + b, 0) / (192 * 80), 6);
  expect(confusion.pixelAccuracy).toBeGreaterThan(0.95);
  const fcn = await loadFcn({ device: device(), weights: await trainer.save("f16"), precision: "f32" });
  expect(fcn.classNames).toEqual(["not", "sky"]);
  expect(agreement((await fcn.segment(picture)).labels, found)).toBeGreaterThan(0.995);
  fcn.dispose();
  trainer.dispose();
});

it("what is trained on whole pictures says so, also where the backbone's file names a size", async () => {
  const options = { backbone: await openSource("photos"), classes: 2, variant: "fcn32s", resize: "none" } as const;
  const trainer = await createTrainer({ device: device(), ...options });
  await trainer.step([{ sample }]);
  const found = await trainer.labels(sample);
  const fcn = await loadFcn({ device: device(), weights: await trainer.save() });
  expect(fcn.resize).toBe("none");
  expect(agreement((await fcn.segment(picture)).labels, found)).toBeGreaterThan(0.995);
  fcn.dispose();
  trainer.dispose();
});

it("pixels may lie in a Buffer, and in a part of one", async () => {
  const small = shrink(picture, 20, 32); // a Buffer of so few bytes shares its memory with others
  const bytes = Uint8Array.from(small.data);
  const losses = new Set<number>();
  for (const data of [bytes, Buffer.from(bytes), Buffer.concat([Buffer.alloc(4), bytes]).subarray(4)]) {
    const options = { backbone: await openSource("icons"), classes: 2, variant: "fcn32s" } as const;
    const trainer = await createTrainer({ device: device(), ...options });
    const ofSky = new Uint8Array(20 * 32).fill(1);
    losses.add((await trainer.step([{ sample: { name: "farm", picture: { ...small, data }, labels: ofSky } }])).loss);
    trainer.dispose();
  }
  expect(losses.size).toBe(1);
});
