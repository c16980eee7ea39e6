/**
 * What a comparison writes as it goes: one JSON object a line (`results.jsonl`). First a header, then a record a picture and the
 * costs of the networks. All totals are computed from these lines alone, and every count is a whole number, so that a run cut
 * off and resumed, or spread over machines and merged, ends in the same totals.
 */
import { FcnError } from "../base/errors.js";
import type { NetworkCost } from "../models/network-cost.js";
import { trimap } from "./boundary.js";
import { ConfusionMatrix } from "./confusion.js";

export const FORMAT = "fcn-compare 1";

/** What must be the same for records to be added up. */
export interface Header {
  readonly format: typeof FORMAT;
  readonly variants: readonly string[];
  readonly classNames: readonly string[];
  readonly boundaryWidth: number;
  /** Name and size of the checkpoint. */
  readonly weights: string;
  readonly adapter: string;
  /** How numbers were stored between layers; results without it are of f32. */
  readonly precision?: string;
  /** Pixels of the shorter side as the networks see a picture; without it pictures keep their size. */
  readonly resize?: number;
}

export interface Scores {
  /** Index and count of the confusion matrix, in turn (ConfusionMatrix.toSparse). */
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
  readonly scores?: Readonly<Record<string, Scores>>;
}

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

/** Whole numbers only; the metrics are computed from their sums. */
export function scorePicture(
  header: Header,
  labels: Readonly<Record<string, Uint8Array>>,
  size: { readonly width: number; readonly height: number },
  truth: Uint8Array | undefined,
): Pick<PictureRecord, "agreement" | "scores"> {
  const of = (variant: string): Uint8Array => labels[variant] ?? new Uint8Array();
  const agreement = Object.fromEntries(
    pairsOf(header.variants).map(([a, b]) => {
      const [left, right] = [of(a), of(b)];
      let same = 0;
      for (let i = 0; i < left.length; i++) if (left[i] === right[i]) same++;
      return [`${a} ${b}`, same];
    }),
  );
  if (!truth) return { agreement };
  const band = trimap(truth, size.width, size.height, header.boundaryWidth);
  const count = (reference: Uint8Array, prediction: Uint8Array): number[] => {
    const matrix = new ConfusionMatrix(header.classNames.length);
    matrix.add(reference, prediction);
    return matrix.toSparse();
  };
  const scores = Object.fromEntries(
    header.variants.map((v) => [v, { confusion: count(truth, of(v)), boundary: count(band, of(v)) }]),
  );
  return { agreement, scores };
}

const bad = (where: string, sentence: string): FcnError => new FcnError("bad-option", `${where}: ${sentence}`);

export function parseHeader(line: string, where: string): Header {
  const value = parseLine(line, where) as Partial<Header>;
  if (value.format !== FORMAT)
    throw bad(where, `the first line is no header of "${FORMAT}"; it is not from fcn compare, or from another version`);
  if (!Array.isArray(value.variants) || !Array.isArray(value.classNames) || !Number.isInteger(value.boundaryWidth))
    throw bad(where, "the header lacks variants, classNames or boundaryWidth");
  return value as Header;
}

export function parseRecord(line: string, where: string): ResultRecord {
  const value = parseLine(line, where) as Partial<PictureRecord & FailureRecord & CostRecord>;
  const picture =
    typeof value.picture === "string" &&
    (typeof value.error === "string" || (Number.isInteger(value.width) && typeof value.ms === "object"));
  if (!picture && typeof value.cost !== "object") throw bad(where, "it is neither a picture's record nor a cost");
  return value as ResultRecord;
}

function parseLine(line: string, where: string): object {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw bad(where, `it is not JSON: ${JSON.stringify(line.slice(0, 60))}`);
  }
  if (typeof value !== "object" || value === null) throw bad(where, "it is no JSON object");
  return value;
}

/** The names of what differs; records under headers that differ so cannot be added up. The adapter may differ. */
export function headerDifferences(a: Header, b: Header): string[] {
  const compared = ({ variants, classNames, boundaryWidth, weights, precision = "f32", resize }: Header) => ({
    variants,
    classNames,
    boundaryWidth,
    weights,
    precision,
    resize,
  });
  const [left, right] = [compared(a), compared(b)];
  return (Object.keys(left) as (keyof typeof left)[]).filter(
    (key) => JSON.stringify(left[key]) !== JSON.stringify(right[key]),
  );
}
