/** Trainings of the heads of PyTorch's references. */
import { layouts } from "../../src/kernel/layout.js";
import type { Device } from "../../src/gpu/device.js";
import { Graph } from "../../src/plan/graph.js";
import { optimizerOf } from "../../src/train/optimizer.js";
import type { AppendNetwork } from "../../src/train/step-graph.js";
import { TrainingSession } from "../../src/train/training-session.js";
import type { Piece } from "../../src/train/training-session.js";
import {
  FEATURES,
  SIZE,
  featureValues,
  headOf,
  labelValues,
  manifest,
  optimizerOptions,
  teacherValues,
  weightsOf,
} from "./training-fixtures.js";
import type { HeadsCase } from "./training-fixtures.js";

const PIXELS = 2 * SIZE.height * SIZE.width;

/** What the loss of a case is multiplied by. */
const scaleOf = ({ loss }: HeadsCase): number =>
  ({ mean: 1 / manifest.labels.valid, sum: 1, distil: 1 / PIXELS })[loss];

export async function headsSession(
  device: Device,
  test: HeadsCase,
  classWeights?: Float32Array,
): Promise<TrainingSession> {
  const graph = new Graph();
  headOf(test)(graph);
  return TrainingSession.create(device, {
    trained: [...weightsOf(graph).values()].filter((weight) => !weight.name.includes("upscore")),
    optimizer: optimizerOf(optimizerOptions(test)),
    targets: test.loss === "distil" ? "probabilities" : "labels",
    classWeights,
    rateScale: () => 1,
    biasesDecay: true,
  });
}

function inputsOf({ variant, loss }: HeadsCase): Record<string, Uint8Array> {
  const inputs: Record<string, Uint8Array> = {};
  for (const stride of [8, 16, 32] as const) {
    if (stride < variant) continue;
    inputs[`f${stride}`] = new Uint8Array(layouts.nhwc4.pack(featureValues(stride), FEATURES[stride]));
  }
  const target = [2, 21, SIZE.height, SIZE.width] as const;
  if (loss === "distil") inputs["probabilities"] = new Uint8Array(layouts.nhwc4.pack(teacherValues(), target));
  else inputs["labels"] = labelValues(2);
  return inputs;
}

/** Both pictures of a case. */
export function wholeBatch(test: HeadsCase): Piece {
  const network: AppendNetwork = headOf(test);
  return { shape: { key: test.name, network }, inputs: inputsOf(test), scale: scaleOf(test) };
}

/** Each picture of a case by itself. */
export function singlePictures(test: HeadsCase): Piece[] {
  const { inputs, scale } = wholeBatch(test);
  const shape = { key: `${test.name}, one picture`, network: headOf(test, 1) };
  return [0, 1].map((picture) => {
    const halves = Object.entries(inputs).map(([name, value]) => {
      const { byteLength } = value as Uint8Array;
      const half = byteLength / 2;
      return [name, (value as Uint8Array).slice(picture * half, (picture + 1) * half)] as const;
    });
    return { shape, inputs: Object.fromEntries(halves), scale };
  });
}

/** By the names of the references. */
export async function parametersOf(
  session: TrainingSession,
  of: "values" | "gradient",
): Promise<Map<string, Float32Array>> {
  const found = new Map<string, Float32Array>();
  for (const parameter of session.parameters.values())
    found.set(parameter.name.replace(/^fcn\d+s\./, ""), new Float32Array(await parameter[of].read()));
  return found;
}
