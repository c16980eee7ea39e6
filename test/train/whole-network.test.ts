/** A whole FCN-8s over a ResNet-101 of 4 planes: gradients of every parameter and of the picture, against float64. */
import { expect, it } from "vitest";
import { hashed } from "../../bench/hashed-weights.js";
import { Tensor } from "../../src/gpu/tensor.js";
import { layouts } from "../../src/kernel/layout.js";
import { elements } from "../../src/kernel/shape.js";
import { Graph } from "../../src/plan/graph.js";
import { Plan } from "../../src/plan/plan.js";
import { StateGraph } from "../../src/plan/state-graph.js";
import { WeightStore } from "../../src/plan/weight-store.js";
import { differentiate } from "../../src/train/backward.js";
import { optimizerOf } from "../../src/train/optimizer.js";
import { appendLoss } from "../../src/train/loss-graph.js";
import { TrainingSession } from "../../src/train/training-session.js";
import { useDevice } from "../helpers/device.js";
import { relativeError } from "../helpers/finite-differences.js";
import { hashedCheckpoint } from "../helpers/hashed-checkpoint.js";
import { paperNetwork } from "../helpers/networks.js";
import { SIZE, headValues, labelValues, manifest, parameterFile, weightsOf } from "../helpers/training-fixtures.js";

const device = useDevice();
const { parameters, loss } = manifest.full;
const SHAPE = [1, 3, SIZE.height, SIZE.width] as const;
const VALID = labelValues(1).filter((label) => label !== 255).length;
const scale = 1 / VALID;

function valuesOf(name: string, shape: readonly number[]): Float32Array {
  if (name.startsWith("fcn8s.")) return headValues(name, shape, 0.3);
  const fanIn = elements(shape.slice(1));
  const isLast = name.includes("conv3.");
  const factor = name.endsWith(".bias") ? 0.1 : Math.sqrt(6 / fanIn) * (isLast ? 0.25 : 1);
  return Float32Array.from(hashed(name, elements(shape)), (value) => factor * value);
}

const specs = Object.entries(parameters).map(([name, shape]) => ({ name, shape }));
const network = paperNetwork(hashedCheckpoint(specs, valuesOf), "fcn8s");
const logitsOf = (graph: Graph) => network.logits(graph, graph.input("x", SHAPE, "nhwc4"), [SIZE.height, SIZE.width]);
const picture = Float32Array.from(hashed("train/x", elements(SHAPE)), (value) => 2 * value);
const x = new Uint8Array(layouts.nhwc4.pack(picture, SHAPE));
const wanted = parameterFile("full.grad.f32", parameters);

it("has PyTorch's gradient of every parameter", async () => {
  const graph = new Graph();
  logitsOf(graph);
  const shape = { key: "whole", network: logitsOf };
  const names = new Set(Object.keys(parameters));
  const session = await TrainingSession.create(device(), {
    trained: [...weightsOf(graph).values()].filter(({ name }) => names.has(name)),
    optimizer: optimizerOf({ kind: "sgd" }),
    targets: "labels",
    rateScale: () => 1,
  });
  expect(session.parameters.size).toBe(names.size);
  const got = await session.accumulate([{ shape, inputs: { x, labels: labelValues(1) }, scale }]);
  expect(Math.abs(got / loss - 1)).toBeLessThan(1e-5);
  const errors: [number, string][] = [];
  for (const parameter of session.parameters.values()) {
    const gradient = await parameter.gradient.read();
    errors.push([relativeError(gradient, wanted.get(parameter.name) ?? []), parameter.name]);
  }
  const [worst, name] = errors.sort(([a], [b]) => b - a)[0] ?? [NaN, ""];
  console.log(`gradients of ${errors.length} parameters within ${worst.toExponential(1)} of their norm (${name})`);
  expect(worst).toBeLessThan(1e-4);
  session.dispose();
});

it("has PyTorch's gradient of the picture", async () => {
  const total = await Tensor.empty(device(), [1, 1, 1, 1], { layout: "nchw" });
  const graph = new StateGraph();
  const image = graph.input("x", SHAPE, "nhwc4");
  const logits = network.logits(graph, image, [SIZE.height, SIZE.width]);
  const { gradient } = appendLoss(graph, logits, { targets: "labels", loss: { total, classWeights: undefined } });
  const seeds = new Map([[logits, gradient]]);
  const backward = differentiate(graph, { device: device(), trained: new Set(), seeds, wanted: [image] });
  const ofImage = backward.gradientOf(image);
  if (!ofImage) throw new Error("no gradient");
  graph.output("gradient", ofImage, "nhwc4");
  const store = new WeightStore(device());
  const plan = await Plan.create(device(), graph, store);
  const inputs = { x, labels: labelValues(1), "loss scale": new Float32Array([scale, 0, 0, 0]) };
  const bytes = (await plan.run(inputs)).outputs.get("gradient")?.bytes as ArrayBuffer;
  const error = relativeError(layouts.nhwc4.unpack(bytes, SHAPE), wanted.get("") ?? []);
  console.log(`gradient of the picture within ${error.toExponential(1)} of its norm`);
  expect(error).toBeLessThan(1e-4);
  plan.dispose();
  store.dispose();
});
