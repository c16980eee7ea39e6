/** The graph of a comparison: one backbone with some or all of the heads, and the names that tell its parts apart. */
import type { PictureSize } from "../image/picture.js";
import { Graph } from "../plan/graph.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import type { ModelBackbone } from "./backbones/model-backbone.js";
import type { Batch } from "./batches.js";
import { PROBE_SIDE } from "./probe-graphs.js";
import { SHARED, comparedNetworks } from "./compared.js";
import type { ComparedNetworks, ComparedVariant } from "./compared.js";
import { ALL } from "./network-cost.js";
import type { NetworkCost, PartNames } from "./network-cost.js";
import { normalisedInput } from "./output-graph.js";
import type { NormalisedInput } from "./output-graph.js";
import { IMAGENET, checkPreprocessing } from "./preprocessing.js";
import type { Preprocessing } from "./preprocessing.js";

export const ALL_WITH_SCORES = "all with scores";

/** One head alone, "all" heads, or all heads with the scores from which their labels come. */
export type ComparisonKind = NetworkCost["variant"] | typeof ALL_WITH_SCORES;

export interface ComparisonSource {
  /** Under our names. */
  readonly checkpoint: Checkpoint;
  /** Heads over one backbone. */
  readonly variants: readonly ComparedVariant[];
  /** Of the checkpoint's backbone; describeBackbone() gives it. */
  readonly description: ModelBackbone;
  /** Default: as the networks are known for. */
  readonly preprocessing?: Preprocessing | undefined;
}

/** Networks that share a backbone, ready for graphs. */
export interface PreparedComparison extends Pick<ComparisonSource, "checkpoint" | "variants"> {
  readonly networks: ComparedNetworks;
  readonly preprocessing: Preprocessing;
}

/** @throws bad-weights, bad-option */
export function prepareComparison({ description, ...source }: ComparisonSource): PreparedComparison {
  const { checkpoint, variants } = source;
  const networks = comparedNetworks(checkpoint, variants, description);
  const preprocessing = checkPreprocessing(source.preprocessing ?? networks.preprocessing ?? IMAGENET);
  return { checkpoint, variants, networks, preprocessing };
}

/** Its input is "picture". Labels are named by their variant, scores by scoresName(). */
export function comparisonGraph(comparison: PreparedComparison, batch: Batch<ComparisonKind>): Graph {
  const graph = new Graph();
  const variants = headsOf(comparison, batch.kind);
  const hasScores = batch.kind === ALL_WITH_SCORES;
  const input = pictureInput(graph, comparison, batch);
  addHeads(graph, comparison, input, { ...batch, variants, hasScores, nameOf: (variant) => variant });
  return graph;
}

/** Adds the input "picture" as the networks see it. */
export function pictureInput(graph: Graph, comparison: PreparedComparison, batch: Batch): NormalisedInput {
  const { networks, preprocessing } = comparison;
  return normalisedInput(graph, { preprocessing, resize: networks.resize, network: networks }, batch);
}

/** Outputs of networks, and their names. */
export interface HeadRequest extends PictureSize {
  readonly variants: readonly ComparedVariant[];
  readonly nameOf: (variant: ComparedVariant) => string;
  /** Also the scores from which the labels come. */
  readonly hasScores: boolean;
}

/** Adds networks and their outputs: labels by name, scores by scoresName(). */
export function addHeads(
  graph: Graph,
  { networks }: PreparedComparison,
  input: NormalisedInput,
  { variants, nameOf, hasScores, height, width }: HeadRequest,
): void {
  for (const [variant, { labels, scores }] of networks.apply(graph, input, variants, [height, width])) {
    graph.output(nameOf(variant), labels);
    if (hasScores && scores) graph.output(scoresName(nameOf(variant)), scores);
  }
}

/** The name of a network's scores among the outputs. */
export const scoresName = (network: string): string => `${network} scores`;

/** A graph that uses every kernel of the networks. */
export function probeOf(comparison: PreparedComparison): Graph {
  return comparisonGraph(comparison, { kind: ALL, count: 1, height: PROBE_SIDE, width: PROBE_SIDE });
}

/** Heads prefix the labels of their steps. Conversions of the backbone's features belong to the backbone. */
export function partNames(comparison: PreparedComparison): PartNames {
  const { networks, variants } = comparison;
  return {
    isOfHead: (variant, tensor) => networks.isOfHead(variant, tensor),
    stageOf: (label) => variants.find((variant) => label.startsWith(networks.prefixOf(variant))) ?? SHARED,
  };
}

/** The networks of a kind. */
export function headsOf({ variants }: PreparedComparison, kind: ComparisonKind): readonly ComparedVariant[] {
  return kind === ALL || kind === ALL_WITH_SCORES ? variants : [kind];
}
