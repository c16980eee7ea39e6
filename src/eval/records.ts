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

/** The first line. Records can be added up only where headerDifferences() finds nothing. */
export interface RunHeader {
  readonly format: typeof FORMAT;
  readonly variants: readonly string[];
  readonly classNames: readonly string[];
  /** Width of the trimap band in pixels. */
  readonly boundaryWidth: number;
  /** Name and size of the checkpoint. */
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
}

/** Confusion matrices of one picture and one variant, as ConfusionMatrix.toSparse() writes them. */
export interface VariantScores {
  readonly confusion: readonly number[];
  /** The same inside the trimap band. */
  readonly boundary: readonly number[];
}

export interface PictureRecord {
  readonly picture: string;
  readonly width: number;
  readonly height: number;
  /** `total`: all variants together, RGBA to label maps. `stages`: GPU time of "shared" and of each head. */
  readonly ms: { readonly total: number; readonly stages?: Readonly<Record<string, number>> };
  /** Pixels on which two variants agree, by "a b". */
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
  readonly cost: NetworkCost;
}

export type ResultRecord = PictureRecord | FailureRecord | CostRecord;

/** Pairs of variants, in the header's order. */
export function pairsOf(variants: readonly string[]): (readonly [string, string])[] {
  return variants.flatMap((a, i) => variants.slice(i + 1).map((b) => [a, b] as const));
}

/** The key of a pair in PictureRecord.agreement. */
export const pairKey = (a: string, b: string): string => `${a} ${b}`;

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
  classNames,
  boundaryWidth,
  weights,
  precision = "f32",
  resize,
  labels,
}: RunHeader) => ({
  variants,
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
