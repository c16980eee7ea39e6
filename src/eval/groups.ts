/** The groups of a comparison, each over one backbone: what its networks share, and what that costs. */
import { median } from "../base/statistics.js";
import type { PictureSize } from "../image/picture.js";
import type { NetworkCost } from "../models/network-cost.js";
import { sumOfCosts } from "../models/set-cost.js";
import { partsOfGroup, shortWeightsNames } from "../models/set-names.js";
import type { GroupNames } from "../models/set-names.js";
import { sharedTime } from "./times.js";
import { variantOf } from "./titles.js";
import type { GroupHeader, PictureRecord, RunHeader } from "./records.js";

type Cost = NetworkCost<string>;

/** Names of the stage that a group shares and of the cost of its networks together. */
export type Group = GroupHeader & Pick<GroupNames, "shared" | "together">;

export interface GroupSummary extends GroupHeader {
  /** Milliseconds that its networks share (times.ts), at the most common size; absent for one network. */
  readonly sharedMs: number | undefined;
  /**
   * Milliseconds of a picture in the run itself, while others were read and counted, from RGBA to the label maps of all
   * its networks: the median over the pictures.
   */
  readonly pictureMs: number | undefined;
  /** All its networks over one backbone, at the most common size. */
  readonly together: Cost | undefined;
  /** Of the backbone alone, at that size; absent where nothing was measured. */
  readonly backbone?: { readonly flops: number; readonly parameters: number };
}

/** The size in bytes that follows a file's name in a header. */
const BYTES = / \(\d+ bytes[^)]*\)$/;

/** All networks of a header without groups share one backbone. */
export function groupsOf({ groups, variants, weights, resize }: RunHeader): Group[] {
  const [name = ""] = shortWeightsNames([weights.replace(BYTES, "")]);
  const own = groups ?? [{ name, weights, variants, ...(resize === undefined ? {} : { resize }) }];
  return own.map((group) => ({ ...group, ...partsOfGroup(group.name, own.length) }));
}

export const groupOf = <T extends GroupHeader>(groups: readonly T[], variant: string): T | undefined =>
  groups.find(({ variants }) => variants.includes(variant));

/** Networks of the same weights over the same backbone, coarse to fine. */
export function seriesIn(groups: readonly GroupHeader[]): string[][] {
  return groups.flatMap(({ variants }) => {
    const byWeights = new Map<string, string[]>();
    for (const network of variants) {
      const weights = network.slice(variantOf(network).length);
      byWeights.set(weights, [...(byWeights.get(weights) ?? []), network]);
    }
    return [...byWeights.values()];
  });
}

const hasSize = (cost: Cost, size: PictureSize): boolean => cost.width === size.width && cost.height === size.height;

/** All networks of a group over their backbone. One alone is not measured twice. */
function togetherCost({ variants, together }: Group, costs: readonly Cost[], size: PictureSize): Cost | undefined {
  const [first, ...others] = variants;
  const name = others.length ? together : first;
  return costs.find((cost) => cost.variant === name && hasSize(cost, size));
}

/** The sum over the groups of all their networks at a size; undefined where one of them was not measured there. */
export function sumOfGroups(groups: readonly Group[], costs: readonly Cost[], size: PictureSize): Cost | undefined {
  const own = groups.map((group) => togetherCost(group, costs, size));
  const known = own.filter((cost) => cost !== undefined);
  return known.length && known.length === own.length ? sumOfCosts("all", known) : undefined;
}

const medianOf = (values: readonly number[]): number | undefined => (values.length ? median(values) : undefined);

/** Undefined where one of its networks was not measured at that size. */
function sharedMsOf(group: Group, costs: readonly Cost[], size: PictureSize): number | undefined {
  const alone = group.variants.flatMap(
    (variant) => costs.find((cost) => cost.variant === variant && hasSize(cost, size))?.ms ?? [],
  );
  const together = togetherCost(group, costs, size);
  return together && alone.length === group.variants.length ? sharedTime(alone, together.ms) : undefined;
}

/** @param size the most common one */
export function summariseGroups(
  groups: readonly Group[],
  pictures: readonly PictureRecord[],
  costs: readonly Cost[],
  size: PictureSize | undefined,
): GroupSummary[] {
  return groups.map((group, i) => {
    const { name, weights, variants, resize } = group;
    const totals = pictures.flatMap(({ ms }) => (groups.length === 1 ? ms.total : (ms.groups?.[i] ?? [])));
    const own = costs.filter(({ variant }) => variants.includes(variant));
    const measured = own.find((cost) => size && hasSize(cost, size)) ?? own[0];
    return {
      ...{ name, weights, variants, ...(resize === undefined ? {} : { resize }) },
      sharedMs: size && sharedMsOf(group, costs, size),
      pictureMs: medianOf(totals),
      together: size && togetherCost(group, costs, size),
      ...(measured && { backbone: { flops: measured.sharedFlops, parameters: measured.sharedParameters } }),
    };
  });
}
