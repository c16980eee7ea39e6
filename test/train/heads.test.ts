/** Heads on frozen features against PyTorch in float64: losses of 20 steps, gradients of the first, weights after. */
import { describe, expect, it } from "vitest";
import { layouts } from "../../src/kernel/layout.js";
import { Graph } from "../../src/plan/graph.js";
import { optimizerOf } from "../../src/train/optimizer.js";
import type { AppendNetwork } from "../../src/train/step-graph.js";
import { TrainingSession } from "../../src/train/training-session.js";
import { relativeError } from "../helpers/finite-differences.js";
import { useDevice } from "../helpers/device.js";
import {
  FEATURES,
  SIZE,
  featureValues,
  headOf,
  labelValues,
  manifest,
  optimizerOptions,
  parameterFile,
  teacherValues,
  weightsOf,
} from "../helpers/training-fixtures.js";
import type { HeadsCase } from "../helpers/training-fixtures.js";

const device = useDevice();
const PIXELS = 2 * SIZE.height * SIZE.width;
const STEPS = 20;

/** What the loss of a case is multiplied by. */
const scaleOf = ({ loss }: HeadsCase): number =>
  ({ mean: 1 / manifest.labels.valid, sum: 1, distil: 1 / PIXELS })[loss];

async function sessionOf(test: HeadsCase, network: AppendNetwork): Promise<TrainingSession> {
  const graph = new Graph();
  network(graph);
  return TrainingSession.create(device(), {
    trained: [...weightsOf(graph).values()].filter((weight) => !weight.name.includes("upscore")),
    optimizer: optimizerOf(optimizerOptions(test)),
    targets: test.loss === "distil" ? "probabilities" : "labels",
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

const pieceOf = (test: HeadsCase, network: AppendNetwork) => ({
  shape: { key: test.name, network },
  inputs: inputsOf(test),
  scale: scaleOf(test),
});

/** Values by the names of the references. */
async function read(session: TrainingSession, of: "values" | "gradient"): Promise<Map<string, ArrayLike<number>>> {
  const found = new Map<string, ArrayLike<number>>();
  for (const parameter of session.parameters.values())
    found.set(parameter.name.replace(/^fcn\d+s\./, ""), await parameter[of].read());
  return found;
}

describe.each(manifest.cases)("$name", (test) => {
  const network = headOf(test);

  it("has PyTorch's gradients before the first step", async () => {
    const session = await sessionOf(test, network);
    await session.accumulate([pieceOf(test, network)]);
    const gradients = await read(session, "gradient");
    for (const [name, wanted] of parameterFile(`${test.name}.grad0.f32`, test.parameters)) {
      if (name) expect(relativeError(gradients.get(name) ?? [], wanted), name).toBeLessThan(1e-4);
    }
    session.dispose();
  });

  it("has PyTorch's losses for 20 steps, and its weights after them", async () => {
    const session = await sessionOf(test, network);
    const pieces = [pieceOf(test, network)];
    let worst = 0;
    for (let i = 0; i < STEPS; i++) {
      const loss = await session.run(pieces, test.options.lr);
      worst = Math.max(worst, Math.abs(loss / (test.losses[i] as number) - 1));
    }
    expect(worst).toBeLessThan(1e-4);
    const values = await read(session, "values");
    let worstWeight = 0;
    for (const [name, wanted] of parameterFile(`${test.name}.weights20.f32`, test.parameters)) {
      if (name) worstWeight = Math.max(worstWeight, relativeError(values.get(name) ?? [], wanted));
    }
    expect(worstWeight).toBeLessThan(1e-4);
    console.log(
      `${test.name}: losses within ${worst.toExponential(1)}, weights within ${worstWeight.toExponential(1)}`,
    );
    session.dispose();
  });
});
