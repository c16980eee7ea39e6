/** VGG-16 of the FCN paper: max pools that round up, cropped skips, and a first layer that reads blue, green, red. */
import { expect, it } from "vitest";
import { hashedTensor } from "../../bench/hashed-weights.js";
import { loadFcn, openCheckpoint, openSource } from "../../src/node.js";
import type { Graph } from "../../src/plan/graph.js";
import { createTrainer } from "../../src/train/index.js";
import { Learner } from "../../src/train/learner.js";
import { useDevice } from "../helpers/device.js";
import { vggTensors } from "../helpers/float64-vgg.js";
import { hashedCheckpoint, hashedFile } from "../helpers/hashed-checkpoint.js";
import { noisePicture } from "../helpers/pictures.js";
import { compareSlopes } from "../helpers/whole-gradients.js";

const device = useDevice();
const CLASSES = 5;
const SPECS = vggTensors(CLASSES);
const [HEIGHT, WIDTH] = [17, 22];
const LABELS = Uint8Array.from({ length: HEIGHT * WIDTH }, (_, i) => [0, 3, 255, 4, 1][(i >> 4) % 5] as number);

/** Planes of a picture, [4, height, width]. */
function planesOf(): Float64Array {
  const { data } = noisePicture(HEIGHT, WIDTH);
  const pixels = HEIGHT * WIDTH;
  return Float64Array.from({ length: 4 * pixels }, (_, i) => data[(i % pixels) * 4 + Math.floor(i / pixels)] as number);
}

it("has the slopes of the network in float64 along the gradients of its stages", async () => {
  const options = { variant: "fcn8s", classes: CLASSES, heads: "file", mode: "all", alignCorners: true } as const;
  const values = (name: string, shape: readonly number[]): Float32Array => {
    const factor = name.startsWith("up") ? 0.2 : 1;
    return hashedTensor(name, shape).map((value) => factor * value);
  };
  const file = hashedCheckpoint(SPECS, values);
  const preprocessing = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } as const;
  const learner = await Learner.create(file, { ...options, resize: undefined, preprocessing });
  const whole = {
    network: (graph: Graph) => learner.fromPicture(graph, 1, [HEIGHT, WIDTH]),
    trained: learner.trained("all"),
    inputs: { picture: planesOf(), labels: LABELS },
    groupOf: (name: string) => name.replace(/_\d\.\w+$/, "").replace(/\.(weight|bias)$/, ""),
  };
  // The slopes of fc6 are small beside the loss, so that a smaller step would drown in its rounding.
  const errors = await compareSlopes(device(), whole, 1e-5);
  console.log(
    "slopes of VGG-16:",
    Object.entries(errors)
      .map(([name, e]) => `${name} ${e.toExponential(1)}`)
      .join(", "),
  );
  for (const [name, error] of Object.entries(errors)) expect(error, name).toBeLessThan(1e-4);
});

it("writes its weights in the file's order of channels, and its heads by the file's names", async () => {
  const bytes = await hashedFile(SPECS);
  const backbone = await openCheckpoint(await openSource(bytes));
  const trainer = await createTrainer({ device: device(), backbone, classes: CLASSES, mode: "all", heads: "file" });
  const before = await trainer.checkpoint();
  for (const { name } of SPECS) {
    const own = [...before.tensors.keys()].find((key) => key.endsWith(name)) as string;
    expect(await before.read(own), name).toEqual(await backbone.read(name));
  }
  expect(Object.keys((await trainer.heads()).fcn8s ?? {})).toContain("score_pool4.weight");
  const sample = { name: "noise", picture: noisePicture(HEIGHT, WIDTH), labels: LABELS };
  await trainer.step([{ sample }]);
  const fcn = await loadFcn({ weights: await trainer.save(), device: device(), resize: "none" });
  const { labels } = await fcn.segment(sample.picture);
  const confusion = await trainer.evaluate([{ ...sample, labels: Uint8Array.from(labels) }]);
  expect(confusion.pixelAccuracy).toBe(1);
  trainer.dispose();
  fcn.dispose();
  await backbone.close();
});
