/** Gradients of whole networks on the device against central differences of the network in float64. */
import { expect } from "vitest";
import { softmaxCrossEntropy } from "../../shaders/softmax-cross-entropy/kernel.js";
import { layoutNamed } from "../../src/kernel/layout.js";
import type { Device } from "../../src/gpu/device.js";
import type { Weight } from "../../src/kernel/weight.js";
import { Graph } from "../../src/plan/graph.js";
import { finished } from "../../src/train/last-step.js";
import { optimizerOf } from "../../src/train/optimizer.js";
import type { AppendNetwork } from "../../src/train/step-graph.js";
import { TrainingSession } from "../../src/train/training-session.js";
import { sum } from "./float64-layers.js";
import { float64Weights, runFloat64 } from "./float64-graph.js";
import { seedOf, seeded } from "./random.js";

export interface WholeNetwork {
  readonly network: AppendNetwork;
  readonly trained: readonly Weight[];
  /** In the order [N, C, H, W]. */
  readonly inputs: Readonly<Record<string, ArrayLike<number>>>;
  /** A group of parameters that is checked by itself, such as those of one layer. */
  readonly groupOf: (name: string) => string;
}

/** The sum over the pixels. */
function float64Loss({ network, inputs }: WholeNetwork, weights: ReadonlyMap<Weight, Float64Array>): number {
  const graph = new Graph();
  const logits = finished(graph, network(graph));
  const [n, , height, width] = logits.shape;
  const labels = graph.input("labels", [n, 1, height, width], "u8");
  const scale = graph.input("scale", [1, 1, 1, 1], "nchw");
  const { losses } = graph.op("loss", softmaxCrossEntropy, { logits, labels, scale });
  return sum(runFloat64(graph, { inputs: { ...inputs, scale: [1] }, weights }).get(losses)?.data ?? []);
}

/** Labels as their layout has them: to a multiple of four. */
function paddedBytes(labels: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(labels.length / 4) * 4);
  bytes.set(labels);
  return bytes;
}

async function deviceGradients(device: Device, { network, trained, inputs }: WholeNetwork) {
  const session = await TrainingSession.create(device, {
    trained,
    optimizer: optimizerOf({ kind: "sgd" }),
    targets: "labels",
    rateScale: () => 1,
  });
  const graph = new Graph();
  network(graph);
  const packed: Record<string, Uint8Array> = { labels: paddedBytes(inputs["labels"] ?? []) };
  for (const [name, { value, layout }] of graph.inputs)
    packed[name] = new Uint8Array(layoutNamed(layout).pack(inputs[name] ?? [], value.shape));
  const loss = await session.accumulate([{ shape: { key: "whole", network }, inputs: packed, scale: 1 }]);
  const gradients = new Map<Weight, Float32Array>();
  for (const { weight, gradient } of session.parameters.values())
    gradients.set(weight, new Float32Array(await gradient.read()));
  session.dispose();
  return { loss, gradients };
}

/**
 * For each group, the slope of the loss along a random half of the gradient: on the device it is the sum of the squares
 * of that half. Gives the worst relative error, and the number of groups.
 */
export async function compareSlopes(device: Device, whole: WholeNetwork, step = 1e-7) {
  const { loss, gradients } = await deviceGradients(device, whole);
  const graph = new Graph();
  finished(graph, whole.network(graph));
  const weights = await float64Weights(graph);
  expect(Math.abs(loss / float64Loss(whole, weights) - 1)).toBeLessThan(1e-5);
  const groups = new Map<string, Weight[]>();
  for (const weight of gradients.keys()) {
    const group = whole.groupOf(weight.name);
    groups.set(group, [...(groups.get(group) ?? []), weight]);
  }
  const errors: Record<string, number> = {};
  for (const [group, members] of groups) {
    const random = seeded(seedOf(group));
    const halves = new Map(
      members.map((weight) => [weight, gradients.get(weight)?.map((g) => (random() < 0.5 ? g : 0)) as Float32Array]),
    );
    const wanted = sum([...halves.values()].map((half) => sum(half.map((g) => g * g))));
    const far = step / Math.sqrt(wanted);
    const lossAt = (distance: number): number => {
      const moved = new Map(weights);
      for (const [weight, half] of halves)
        moved.set(
          weight,
          (weights.get(weight) as Float64Array).map((v, i) => v + distance * (half[i] as number)),
        );
      return float64Loss(whole, moved);
    };
    errors[group] = Math.abs((lossAt(far) - lossAt(-far)) / (2 * far) / wanted - 1);
  }
  return errors;
}
