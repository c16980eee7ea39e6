/** The FCN paper's VGG-16 networks: logits and labels against float64, at full size and a third of it. */
import { describe, expect, it } from "vitest";
import { hashed } from "../bench/hashed-weights.js";
import { hashedVggSlices, hashedVggTensor, vggTensors } from "../bench/hashed-vgg.js";
import { layoutNamed, layouts } from "../src/kernel/layout.js";
import type { Precision } from "../src/kernel/variant.js";
import { describeBackbone } from "../src/models/backbones/index.js";
import { FCN_VARIANTS } from "../src/models/fcn-head.js";
import type { FcnVariant } from "../src/models/fcn-head.js";
import { fcnParts } from "../src/models/fcn.js";
import { Graph } from "../src/plan/graph.js";
import { Plan } from "../src/plan/plan.js";
import { WeightStore } from "../src/plan/weight-store.js";
import { recognise } from "../src/weights/names.js";
import { Parameters } from "../src/weights/parameters.js";
import { useDevice } from "./helpers/device.js";
import { hashedCheckpoint } from "./helpers/hashed-checkpoint.js";
import { agreement, argmaxOf, float32File, largestDifference } from "./helpers/reference-maps.js";

const device = useDevice();
const CLASSES = 21;

/** Networks whose logits make_networks.py and make_narrow_vgg.py have computed in float64. */
interface Case {
  readonly file: string;
  /** Channels of the first convolution. */
  readonly width: number;
  /** Of the picture. */
  readonly size: readonly [height: number, width: number];
  /** Rows and columns from one logit of the file to the next. */
  readonly step: number;
}
const CASES: readonly Case[] = [
  { file: "vgg16", width: 64, size: [40, 52], step: 1 },
  { file: "narrow-vgg16", width: 21, size: [224, 224], step: 9 },
];

/** The picture, whose channels are blue, green, red in the file. Ours are red, green, blue. */
function pictureOf([height, width]: Case["size"]): Float32Array {
  const pixels = height * width;
  const values = hashed(`input/n${height}x${width}`, 3 * pixels);
  return Float32Array.from(
    values,
    (_, i) => 120 * (values[(2 - Math.floor(i / pixels)) * pixels + (i % pixels)] as number),
  );
}

/** Every step-th row and column of [C, H, W]. */
function sampled(logits: ArrayLike<number>, { size: [height, width], step }: Case): Float32Array {
  const values: number[] = [];
  for (let row = 0; row < CLASSES * height; row++) {
    if ((row % height) % step !== 0) continue;
    for (let x = 0; x < width; x += step) values.push(logits[row * width + x] as number);
  }
  return Float32Array.from(values);
}

/** Sampled logits of all three networks, with up to 547 MB of weights from a hash. */
async function logitsOfAll(given: Case, precision: Precision): Promise<ReadonlyMap<FcnVariant, Float32Array>> {
  const { checkpoint } = recognise(
    hashedCheckpoint(vggTensors(CLASSES, given.width), hashedVggTensor, hashedVggSlices),
  );
  const parts = fcnParts(Parameters.of(checkpoint), FCN_VARIANTS, await describeBackbone(checkpoint));
  const shape = [1, 3, ...given.size] as const;
  const graph = new Graph();
  const features = parts.features(graph, graph.input("x", shape, "nhwc4"), FCN_VARIANTS);
  for (const [variant, head] of parts.heads) graph.output(variant, head.apply(graph, features, given.size));
  const store = new WeightStore(device());
  const plan = await Plan.create(device(), graph, store, undefined, { precision });
  const { outputs } = await plan.run({ x: new Uint8Array(layouts.nhwc4.pack(pictureOf(given.size), shape)) });
  plan.dispose();
  store.dispose();
  return new Map(
    FCN_VARIANTS.map((variant) => {
      const output = outputs.get(variant);
      if (!output) throw new Error(`the plan has no ${variant}`);
      return [variant, sampled(layoutNamed(output.layout).unpack(output.bytes, output.shape), given)];
    }),
  );
}

const referenceOf = ({ file }: Case, variant: FcnVariant): Float32Array =>
  float32File(`test/fixtures/networks/${file}.${variant}.logits.f32`);

describe.each(CASES)("FCNs over VGG-16 of $width channels, at $size", (given) => {
  it("give logits within 1e-5 of the largest in f32", async () => {
    const logits = await logitsOfAll(given, "f32");
    for (const variant of FCN_VARIANTS) {
      const reference = referenceOf(given, variant);
      const largest = reference.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const difference = largestDifference(logits.get(variant) ?? [], reference) / largest;
      console.log(`${given.file} ${variant}: ${difference.toExponential(2)} of the largest logit`);
      expect(difference).toBeLessThan(1e-5);
    }
  });

  it("give 99.5 % of the labels in f16", async () => {
    const logits = await logitsOfAll(given, "f16");
    for (const variant of FCN_VARIANTS) {
      const reference = referenceOf(given, variant);
      const [labels, expected] = [logits.get(variant) ?? [], reference].map((values) =>
        argmaxOf(values, reference.length / CLASSES),
      );
      const share = agreement(labels ?? [], expected ?? []);
      console.log(`${given.file} ${variant} in f16: ${(100 * share).toFixed(2)} % of the labels`);
      expect(share).toBeGreaterThanOrEqual(0.995);
    }
  });
});
