/**
 * What a comparison writes as it goes: one JSON object a line (`results.jsonl`). First a header, then a record for each
 * picture and the costs of the networks. All totals are computed from these lines alone, and every count is a whole
 * number. So a run that was cut off and resumed, or spread over machines and merged, ends in the same totals.
 */
import type { PictureSize } from "../image/picture.js";
import type { NetworkCost } from "../models/network-cost.js";
import { trimap } from "./boundary.js";
import { ConfusionMatrix } from "./confusion.js";

export const FORMAT = "fcn-compare 1";
/** Of networks over several backbones: the header has `groups`. */
export const SET_FORMAT = "fcn-compare 2";

/** Networks that share a backbone, in a header of SET_FORMAT. */
export interface GroupHeader {
  /** Short name of the weights. */
  readonly name: string;
  /** Name and size of the checkpoint. */
  readonly weights: string;
  /** Names of its networks. */
  readonly variants: readonly string[];
  /** As in RunHeader. */
  readonly resize?: number;
}

/** The first line. Records can be added up only where headerDifferences() finds nothing. */
export interface RunHeader {
  readonly format: typeof FORMAT | typeof SET_FORMAT;
  /** Names of the networks. */
  readonly variants: readonly string[];
  /** In SET_FORMAT: which networks share a backbone. In FORMAT all of them do. */
  readonly groups?: readonly GroupHeader[];
  readonly classNames: readonly string[];
  /** Width of the trimap band in pixels. */
  readonly boundaryWidth: number;
  /** Name and size of the checkpoint; of several, separated by commas. */
  readonly weights: string;
  readonly adapter: string;
  /** How numbers are stored between layers. Headers without it mean f32. */
  readonly precision?: string;
  /** Pixels of the shorter side as the networks see a picture; without it pictures keep their size. */
  readonly resize?: number;
  /** What the values of label maps mean, as "3=void,255=15"; without it they are classes, and others are void. */
  readonly labels?: string;
  /** The working directory, seen from the folder of the results: relative names of pictures begin there. */
  readonly base?: string;
  /** "3/7": the part of the pictures that this run has; without it all. */
  readonly shard?: string;
  /** With a shard: how many pictures all shards have. */
  readonly pictures?: number;
  /** With a shard: SHA-256 of the names of all pictures, whose order says which shard has which. */
  readonly list?: string;
}

/** Confusion matrices of one picture and one variant, as ConfusionMatrix.toSparse() writes them. */
export interface VariantScores {
  readonly confusion: readonly number[];
  /** The same inside the trimap band. */
  readonly boundary: readonly number[];
}

/** Milliseconds. */
export interface PictureTimes {
  /** All variants together, RGBA to label maps. */
  readonly total: number;
  /** The same of each group, in the header's order; in SET_FORMAT. */
  readonly groups?: readonly number[];
  /** GPU time of "shared" (in SET_FORMAT "shared of GROUP") and of each head. */
  readonly stages?: Readonly<Record<string, number>>;
}

export interface PictureRecord {
  readonly picture: string;
  readonly width: number;
  readonly height: number;
  readonly ms: PictureTimes;
  /** Pixels on which two variants agree, by pairKey(). */
  readonly agreement: Readonly<Record<string, number>>;
  /** By variant; absent without a label map. */
  readonly scores?: Readonly<Record<string, VariantScores>>;
  /** Values of the label map that no class has and nobody declared void, as value, count, value, count. */
  readonly outside?: readonly number[];
}

/** A picture that could not be used. */
export interface FailureRecord {
  readonly picture: string;
  readonly error: string;
}

export interface CostRecord {
  readonly cost: NetworkCost<string>;
}

export type ResultRecord = PictureRecord | FailureRecord | CostRecord;

/** Pairs of variants, in the header's order. */
export function pairsOf(variants: readonly string[]): (readonly [string, string])[] {
  return variants.flatMap((a, i) => variants.slice(i + 1).map((b) => [a, b] as const));
}

/** The key of a pair in PictureRecord.agreement: "a b", or with a tab between names that have spaces themselves. */
export const pairKey = (a: string, b: string): string => [a, b].join((a + b).includes(" ") ? "\t" : " ");

function countEqual(a: Uint8Array, b: Uint8Array): number {
  let same = 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i]) same++;
  }
  return same;
}

/**
 * The counts of one picture: whole numbers, whose sums give the metrics.
 * @param labels label maps by variant
 * @param truth the true label map, if there is one
 */
export function scorePicture(
  header: RunHeader,
  labels: Readonly<Record<string, Uint8Array>>,
  size: PictureSize,
  truth: Uint8Array | undefined,
): Pick<PictureRecord, "agreement" | "scores"> {
  const labelsOf = (variant: string): Uint8Array => labels[variant] ?? new Uint8Array();
  const pairs = pairsOf(header.variants);
  const agreement = Object.fromEntries(pairs.map(([a, b]) => [pairKey(a, b), countEqual(labelsOf(a), labelsOf(b))]));
  if (!truth) return { agreement };
  const band = trimap(truth, size.width, size.height, header.boundaryWidth);
  const count = (reference: Uint8Array, prediction: Uint8Array): number[] => {
    const matrix = new ConfusionMatrix(header.classNames.length);
    matrix.add(reference, prediction);
    return matrix.toSparse();
  };
  const scoresOf = (variant: string): VariantScores => ({
    confusion: count(truth, labelsOf(variant)),
    boundary: count(band, labelsOf(variant)),
  });
  return { agreement, scores: Object.fromEntries(header.variants.map((variant) => [variant, scoresOf(variant)])) };
}

/** What must be the same for records to be added up. The adapter may differ. */
const comparable = ({
  variants,
  groups,
  classNames,
  boundaryWidth,
  weights,
  precision = "f32",
  resize,
  labels,
}: RunHeader) => ({
  variants,
  groups,
  classNames,
  boundaryWidth,
  weights,
  precision,
  resize,
  labels,
});

/** Names of the fields that forbid adding up the records of two runs; empty when they go together. */
export function headerDifferences(a: RunHeader, b: RunHeader): string[] {
  const left = comparable(a);
  const right = comparable(b);
  return (Object.keys(left) as (keyof typeof left)[]).filter(
    (key) => JSON.stringify(left[key]) !== JSON.stringify(right[key]),
  );
}
