/** The graph of a group of a set: one backbone, and heads of one or more checkpoints. */
import type { Graph } from "../plan/graph.js";
import type { Batch } from "./batches.js";
import type { ComparedVariant } from "./compared.js";
import { SHARED } from "./compared.js";
import { ALL_WITH_SCORES, addHeads, pictureInput } from "./comparison-graph.js";
import { PROBE_SIDE } from "./probe-graphs.js";
import { ALL } from "./network-cost.js";
import type { GroupMember, OpenGroup } from "./set-groups.js";
import { SharedBackboneGraph } from "./shared-backbone.js";

/** All networks of a group, all with scores, or the one with this index. */
export type GroupKind = typeof ALL | typeof ALL_WITH_SCORES | `${number}`;

/** Steps of further checkpoints have labels that begin with their index in the group. */
const scopeOf = (member: number): string => (member === 0 ? "" : `${member} `);
const SCOPED = /^(\d+) (.*)$/s;

/** Its input is "picture". Labels are named by their network, scores by scoresName(). */
export function groupGraph({ members, heads }: OpenGroup, batch: Batch<GroupKind>): Graph {
  const { kind } = batch;
  const graph = new SharedBackboneGraph();
  const input = pictureInput(graph, members[0].prepared, batch);
  const wanted = kind === ALL || kind === ALL_WITH_SCORES ? heads : heads.filter((_, i) => `${i}` === kind);
  for (const [i, { prepared, names }] of members.entries()) {
    const variants = wanted.flatMap(({ member, variant }) => (member === i ? [variant] : []));
    if (variants.length === 0) continue;
    graph.scope = scopeOf(i);
    const nameOf = (variant: ComparedVariant): string => names.get(variant) ?? variant;
    addHeads(graph, prepared, input, { ...batch, variants, nameOf, hasScores: kind === ALL_WITH_SCORES });
  }
  return graph;
}

/** The stage of a step: the name of the network whose head it belongs to, or of what the group shares. */
export function stageInGroup({ members, shared }: OpenGroup, label: string): string {
  const [, index = "0", own = label] = SCOPED.exec(label) ?? [];
  const { names, parts } = members[Number(index)] as GroupMember;
  const stage = parts.stageOf(own);
  return stage === SHARED ? shared : (names.get(stage) ?? stage);
}

/** A graph that uses every kernel of the networks. */
export const probeOfGroup = (group: OpenGroup): Graph =>
  groupGraph(group, { kind: ALL, count: 1, height: PROBE_SIDE, width: PROBE_SIDE });
