/** MobileNetV2 of the photographs, whole: gradients of every layer against differences of the network in float64. */
import { expect, it } from "vitest";
import { Learner } from "../../src/train/learner.js";
import { useDevice } from "../helpers/device.js";
import { noisePicture } from "../helpers/pictures.js";
import { withCheckpoint } from "../helpers/small-checkpoint.js";
import { compareSlopes } from "../helpers/whole-gradients.js";

const device = useDevice();
const PHOTOS = "weights/fcn-mobilenet-v2-photos-f16.safetensors";
const [HEIGHT, WIDTH] = [33, 49];

/** Planes of a picture, [4, height, width]. */
function planesOf(): Float64Array {
  const { data } = noisePicture(HEIGHT, WIDTH);
  const pixels = HEIGHT * WIDTH;
  return Float64Array.from({ length: 4 * pixels }, (_, i) => data[(i % pixels) * 4 + Math.floor(i / pixels)] as number);
}

/** Stripes of five classes, and some that do not count. */
const LABELS = Float64Array.from({ length: HEIGHT * WIDTH }, (_, i) => [0, 3, 255, 20, 15, 7][(i >> 4) % 6] as number);

/** Layers of one kind in a third of the blocks; the others by themselves. */
function groupOf(name: string): string {
  const [, block, layer] = /^backbone\.features\.(\d+)\.conv\.(\d)/.exec(name) ?? [];
  if (block === undefined) return name.replace(/\.(weight|bias)$/, "");
  return `layer ${layer} of blocks ${6 * Math.floor(Number(block) / 6)} and on`;
}

it("has the slopes of the network in float64 along the gradients of its layers", async () => {
  await withCheckpoint(PHOTOS, async (file) => {
    const options = { variant: "fcn8s", classes: 21, heads: "file", mode: "all", alignCorners: true } as const;
    const learner = await Learner.create(file, { ...options, resize: undefined, preprocessing: undefined });
    const errors = await compareSlopes(device(), {
      network: (graph) => learner.fromPicture(graph, 1, [HEIGHT, WIDTH]),
      trained: learner.trained("all"),
      inputs: { picture: planesOf(), labels: LABELS },
      groupOf,
    });
    const worst = Object.entries(errors).sort(([, a], [, b]) => b - a)[0] ?? ["", NaN];
    console.log(
      `slopes of ${Object.keys(errors).length} groups of layers within ${worst[1].toExponential(1)} (${worst[0]})`,
    );
    expect(worst[1]).toBeLessThan(1e-4);
  });
});
