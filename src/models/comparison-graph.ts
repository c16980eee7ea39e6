/** The graph of a comparison: one backbone with some or all of the heads, and the names that tell its parts apart. */
import type { VariantChoice } from "../kernel/choice.js";
import { Graph } from "../plan/graph.js";
import type { Batch } from "./batches.js";
import { PROBE_SIDE, checkKernels } from "./check-kernels.js";
import { SHARED } from "./compared.js";
import type { ComparedNetworks, ComparedVariant } from "./compared.js";
import { ALL } from "./network-cost.js";
import type { NetworkCost, PartNames } from "./network-cost.js";
import { normalisedInput } from "./output-graph.js";
import type { Preprocessing } from "./preprocessing.js";

export const ALL_WITH_SCORES = "all with scores";

/** One head alone, "all" heads, or all heads with the scores from which their labels come. */
export type ComparisonKind = NetworkCost["variant"] | typeof ALL_WITH_SCORES;

export interface PreparedComparison {
  readonly networks: ComparedNetworks;
  readonly variants: readonly ComparedVariant[];
  readonly preprocessing: Preprocessing;
}

/** Its input is "picture". Labels are named by their variant, scores by scoresName(). */
export function comparisonGraph(comparison: PreparedComparison, batch: Batch<ComparisonKind>): Graph {
  const { networks, preprocessing } = comparison;
  const { kind, height, width } = batch;
  const graph = new Graph();
  const input = normalisedInput(graph, { preprocessing, resize: networks.resize, network: networks }, batch);
  const heads = headsOf(comparison, kind);
  for (const [variant, { labels, scores }] of networks.apply(graph, input, heads, [height, width])) {
    graph.output(variant, labels);
    if (kind === ALL_WITH_SCORES && scores) graph.output(scoresName(variant), scores);
  }
  return graph;
}

/** The name of a variant's scores among the outputs. */
export function scoresName(variant: ComparedVariant): string {
  return `${variant} scores`;
}

/** @throws bad-option as checkKernels() */
export function checkComparedKernels(comparison: PreparedComparison, chosen: VariantChoice): void {
  const probe = { kind: ALL, count: 1, height: PROBE_SIDE, width: PROBE_SIDE } as const;
  checkKernels([comparisonGraph(comparison, probe)], chosen);
}

/** Heads prefix the labels of their steps. Conversions of the backbone's features belong to the backbone. */
export function partNames(comparison: PreparedComparison): PartNames {
  const { networks, variants } = comparison;
  return {
    isOfHead: (kind, tensor) => headsOf(comparison, kind).some((variant) => networks.isOfHead(variant, tensor)),
    stageOf: (label) => variants.find((variant) => label.startsWith(networks.prefixOf(variant))) ?? SHARED,
  };
}

function headsOf({ variants }: PreparedComparison, kind: ComparisonKind): readonly ComparedVariant[] {
  return kind === ALL || kind === ALL_WITH_SCORES ? variants : [kind];
}
