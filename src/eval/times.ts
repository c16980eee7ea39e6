/**
 * The times of a comparison, each of one meaning (docs/compare.md). All of them come from the same rounds, in which the
 * networks take turns, and from one clock:
 *
 * - `ms`, alone: one network alone, from RGBA to labels. The median of the rounds.
 * - together: all networks over one backbone.
 * - shared: what each network alone repeats and the networks together do once. With n networks it is
 *   (sum of the n times alone - time together) / (n - 1).
 * - own: alone - shared. So shared + own is the time alone, and shared + all own times is, up to noise, the time
 *   together.
 */
import { median, quantile } from "../base/statistics.js";
import type { NetworkCost } from "../models/network-cost.js";
import { draws, intervalOf } from "./bootstrap.js";
import type { Interval } from "./bootstrap.js";
import { milliseconds } from "./titles.js";

/**
 * The shared time of networks over one backbone. Undefined for one network, which shares nothing. Noise must not make a
 * part longer than the whole, so it is at most the shortest time that it is a part of.
 */
export function sharedTime(alone: readonly number[], together: number): number | undefined {
  if (alone.length < 2) return undefined;
  const sum = alone.reduce((total, ms) => total + ms, 0);
  return Math.max(0, Math.min((sum - together) / (alone.length - 1), together, ...alone));
}

type Timed = Pick<NetworkCost<string>, "ms" | "times">;

/** The middle half of the rounds: their quartiles. Undefined for results of versions that did not keep the rounds. */
export function spreadOf({ times }: Timed): Interval | undefined {
  if (!times || times.length < 2) return undefined;
  const sorted = [...times].sort((a, b) => a - b);
  return { low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) };
}

/** How the times came about, for people. */
export function roundsText(networks: readonly { readonly cost: Timed | undefined }[]): string {
  const rounds = networks.find(({ cost }) => cost)?.cost?.times?.length;
  if (rounds === undefined) return "the fastest run, since these results do not have every round";
  return `the median of ${rounds} rounds in which the networks take turns`;
}

/** What the networks over one backbone take together: "60 ms, 50 of it shared". */
export const togetherText = (together: number, shared: number): string =>
  `${milliseconds(together)} ms, ${milliseconds(shared)} of it shared`;

export interface Difference {
  readonly difference: number;
  /** Undefined where there is too little to draw from: one picture, or no rounds. */
  readonly interval: Interval | undefined;
}

/** Fewer rounds tell nothing about chance. */
const LEAST_ROUNDS = 5;

/**
 * How much longer one network takes than another one, in milliseconds. For the interval the rounds are drawn again, the
 * same for both, so that a round in which the machine was slow slows both.
 */
export function timeDifference(ours: Timed, theirs: Timed): Difference {
  const difference = ours.ms - theirs.ms;
  const [a, b] = [ours.times ?? [], theirs.times ?? []];
  const rounds = Math.min(a.length, b.length);
  if (rounds < LEAST_ROUNDS) return { difference, interval: undefined };
  const drawn = (times: readonly number[], counts: Uint32Array): number[] =>
    [...counts].flatMap((count, i) => new Array<number>(count).fill(times[i] as number));
  const differences: number[] = [];
  for (const counts of draws(rounds)) differences.push(median(drawn(a, counts)) - median(drawn(b, counts)));
  return { difference, interval: intervalOf(differences) };
}
