/** What the networks of a set cost, alone and together. */
import { isFcnError } from "../base/errors.js";
import { ALL, COST_NUMBERS, backboneParameters, headParameters, measureNetworks } from "./network-cost.js";
import type { CostRequest, CostTask, NetworkCost } from "./network-cost.js";
import type { NetworkOnDevice } from "./network-on-device.js";
import { stageInGroup } from "./set-graph.js";
import type { GroupKind } from "./set-graph.js";
import type { GroupHead, OpenGroup } from "./set-groups.js";

export interface SetCostRequest extends CostRequest {
  /** Names of networks, of groups together, or "all". */
  readonly measured: readonly string[];
}

type Task<Kind extends string> = CostTask<Kind, string>;

/** Costs of one size added up, under this name. There must be one at least. */
export function sumOfCosts(variant: string, costs: readonly NetworkCost<string>[]): NetworkCost<string> {
  const [first, ...others] = costs as [NetworkCost<string>, ...NetworkCost<string>[]];
  const { times: rounds, ...counts } = first;
  const total = { ...counts, variant };
  for (const own of others) for (const key of COST_NUMBERS) total[key] += own[key];
  // Where a cost lacks a round, its sum is NaN: then there are no sums of rounds.
  const times = rounds?.map((ms, i) => others.reduce((sum, own) => sum + (own.times?.[i] as number), ms));
  return times?.every(isFinite) ? { ...total, times } : total;
}

function tasksOf<Kind extends string>(group: OpenGroup, kindOf: (kind: GroupKind) => Kind): Task<Kind>[] {
  const { members, heads, shared, together } = group;
  const sharedParameters = backboneParameters(members[0].checkpoint);
  const taskOf = (name: string, kind: GroupKind, own: readonly GroupHead[]): Task<Kind> => {
    const counts = members.map(({ checkpoint, parts }, i) => {
      const variants = own.flatMap(({ member, variant }) => (member === i ? [variant] : []));
      return headParameters(checkpoint, parts, variants);
    });
    const parameters = { sharedParameters, headParameters: counts.reduce((total, count) => total + count, 0) };
    return { name, kind: kindOf(kind), parameters, isShared: (label) => stageInGroup(group, label) === shared };
  };
  const alone = heads.map((head, i) => taskOf(head.name, `${i}`, [head]));
  return [...alone, taskOf(together, ALL, heads)];
}

/** The name under which all networks of a group are timed. One alone is not timed twice. */
const timedName = ({ networks, together }: OpenGroup): string =>
  networks.length === 1 ? (networks[0] ?? together) : together;

/**
 * One cost for each name, in order. All plans are made before the first is timed, so that they can take turns. Where
 * there is no memory for that, the groups are measured one after the other.
 * @throws limit-too-small, out-of-memory, device-lost
 */
export async function measureSet<Kind extends string>(
  network: NetworkOnDevice<Kind>,
  groups: readonly OpenGroup[],
  kindOf: (group: number, kind: GroupKind) => Kind,
  { measured, ...request }: SetCostRequest,
): Promise<NetworkCost<string>[]> {
  const sums = new Map<string, readonly string[]>(groups.length > 1 ? [[ALL, groups.map(timedName)]] : []);
  for (const group of groups) if (group.together !== timedName(group)) sums.set(group.together, [timedName(group)]);
  const wanted = new Set(measured.flatMap((name) => sums.get(name) ?? name));
  const byGroup = groups.map((group, i) =>
    tasksOf(group, (kind) => kindOf(i, kind)).filter(({ name }) => wanted.has(name)),
  );
  let costs: NetworkCost<string>[];
  try {
    costs = await measureNetworks(network, byGroup.flat(), request);
  } catch (error) {
    if (!isFcnError(error, "out-of-memory") || groups.length === 1) throw error;
    costs = [];
    for (const tasks of byGroup) costs.push(...(await measureNetworks(network, tasks, request)));
  }
  const costOf = (name: string): NetworkCost<string> =>
    costs.find(({ variant }) => variant === name) as NetworkCost<string>;
  return measured.map((name) => sumOfCosts(name, (sums.get(name) ?? [name]).map(costOf)));
}
