/** The graph of one call: an RGBA picture in; labels, logits or probabilities at the picture's size out. */
import { normalize } from "../../shaders/normalize/kernel.js";
import { resize } from "../../shaders/resize/kernel.js";
import { softmax } from "../../shaders/softmax/kernel.js";
import { badOption, badShape } from "../base/errors.js";
import type { Precision } from "../kernel/variant.js";
import { labelsAt } from "../layers/upsample.js";
import { Graph } from "../plan/graph.js";
import type { Value } from "../plan/graph.js";
import type { Batch } from "./batches.js";
import { addFeatures, isFeatureKind } from "./features.js";
import type { FeatureKind } from "./features.js";
import type { Network, PixelSize } from "./network.js";
import { constant, networkSize, uploadSize } from "./preprocessing.js";
import type { Preprocessing, Resize } from "./preprocessing.js";

/** A label is a byte. */
export const MOST_LABELS = 256;

/** What a call asks for: "aux" are the logits of the auxiliary head. */
export type OutputKind = "labels" | "logits" | "probabilities" | "aux" | FeatureKind;

/** A network with what is done to a picture before it. */
export interface PreparedNetwork {
  readonly network: Network;
  readonly preprocessing: Preprocessing;
  readonly resize: Resize;
  /** What the weights were recognised as, for errors. */
  readonly description: string;
}

/** What the network's input depends on. */
export interface InputOptions extends Pick<PreparedNetwork, "preprocessing" | "resize"> {
  readonly network: Pick<Network, "paddedSize">;
}

/** A normalised picture, and its size without padding. */
export interface NormalisedInput {
  readonly image: Value;
  readonly size: PixelSize;
}

/** Adds the graph's input "picture" and its normalisation: [count, 3, h, w] at the size that the network reads. */
export function normalisedInput(
  graph: Graph,
  { preprocessing: { mean, std }, resize, network }: InputOptions,
  { count, height, width }: Batch,
): NormalisedInput {
  const image = graph.input("picture", [count, 4, ...uploadSize(height, width, resize)], "rgba8");
  const size = networkSize(height, width, resize);
  const padded = network.paddedSize?.(size) ?? size;
  const statistics = { mean: constant("mean", mean), std: constant("std", std) };
  const attrs = { height: size[0], width: size[1], padded };
  return { image: graph.op("normalize", normalize, { image, ...statistics }, attrs).y, size };
}

/**
 * The graph of a batch: its input is "picture", its output is named as its kind, or as the stages where they are asked
 * for.
 * @throws bad-option when the auxiliary head is asked for and the network has none
 */
export function outputGraph(prepared: PreparedNetwork, batch: Batch<OutputKind>, precision: Precision = "f32"): Graph {
  const graph = new Graph();
  const input = normalisedInput(graph, prepared, batch);
  const { kind } = batch;
  if (isFeatureKind(kind)) {
    addFeatures(graph, kind, { backbone: prepared.network.backbone, image: input.image, precision });
  } else {
    const build = kind === "labels" ? labels : scores;
    graph.output(kind, build(graph, prepared, input, batch));
  }
  return graph;
}

/** [count, 1, height, width]. */
function labels(graph: Graph, { network }: PreparedNetwork, input: NormalisedInput, { height, width }: Batch): Value {
  const { image, size } = input;
  const { classes } = network;
  if (classes > MOST_LABELS)
    throw badShape(`labels hold ${MOST_LABELS} classes, the network has ${classes}; use logits()`);
  if (network.labels) return network.labels(graph, image, { seen: size, size: [height, width] });
  // Logits at the picture's size would be by far the largest tensor. Labels do not need them.
  return labelsAt(graph, "argmax", network.logits(graph, image, size), [height, width]);
}

/** [count, classes, height, width]. */
function scores(graph: Graph, prepared: PreparedNetwork, input: NormalisedInput, batch: Batch<OutputKind>): Value {
  const { kind, height, width } = batch;
  const { image, size } = input;
  const seen = kind === "aux" ? auxLogits(prepared, graph, input) : prepared.network.logits(graph, image, size);
  const logits = hasSize(seen, height, width) ? seen : graph.op("resize", resize, { x: seen }, { height, width }).y;
  return kind === "probabilities" ? graph.op("softmax", softmax, { x: logits }).y : logits;
}

function auxLogits({ network, description }: PreparedNetwork, graph: Graph, { image, size }: NormalisedInput): Value {
  if (!network.auxLogits)
    throw badOption(
      `logits: ${network.name} has no auxiliary head here; only torchvision's networks can have one, ` +
        `and these weights are ${description}`,
    );
  return network.auxLogits(graph, image, size);
}

function hasSize({ shape }: Value, height: number, width: number): boolean {
  return shape[2] === height && shape[3] === width;
}
