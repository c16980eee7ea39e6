/**
 * Reads the lines of `results.jsonl`. They may come from other machines and other people, so every field that is used
 * later is checked: its type, its range, and that counts fit the picture.
 */
import { badOption } from "../base/errors.js";
import type { FcnError } from "../base/errors.js";
import { COMPARABLE, mixtureProblem } from "../models/compared.js";
import { ALL } from "../models/network-cost.js";
import { PRECISIONS } from "../models/precision.js";
import { MAX_CLASSES } from "./confusion.js";
import { FORMAT, pairKey, pairsOf } from "./records.js";
import type { ResultRecord, RunHeader } from "./records.js";

type Fields = Readonly<Record<string, unknown>>;

/** Our own records nest five deep; deeper ones would end in a stack overflow when they are written. */
const MAX_DEPTH = 12;
/** Longest text that is shown or compared. */
const MAX_TEXT = 1 << 16;
/** Longest side of a picture, and pixels of one, that any version could have written. */
const MAX_SIDE = 1 << 24;
const MAX_PIXELS = 2 ** 40;
/** Milliseconds, operations, bytes: beyond this no plot has room. */
const MAX_AMOUNT = 1e18;
/** Characters of a line that a message quotes. */
const QUOTED = 60;

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string" && value.length <= MAX_TEXT;
const isAmount = (value: unknown): value is number => typeof value === "number" && value >= 0 && value <= MAX_AMOUNT;
const isWhole = (value: unknown, low: number, high: number): value is number =>
  Number.isInteger(value) && (value as number) >= low && (value as number) <= high;
const isNetwork = (name: unknown): boolean => COMPARABLE.some((variant) => variant === name);

const hasSize = ({ width, height }: Fields): boolean =>
  isWhole(width, 1, MAX_SIDE) && isWhole(height, 1, MAX_SIDE) && width * height <= MAX_PIXELS;

/** Whether these are the object's own keys, in any order. */
function hasKeys(value: Fields, keys: readonly string[]): boolean {
  return Object.keys(value).length === keys.length && keys.every((key) => Object.hasOwn(value, key));
}

function isFlat(value: unknown, depth = MAX_DEPTH): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((part) => isFlat(part, depth - 1));
}

function parseLine(line: string, where: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw badOption(`${where}: it is not JSON: ${JSON.stringify(line.slice(0, QUOTED))}`);
  }
  if (!isObject(value)) throw badOption(`${where}: it is no JSON object`);
  if (!isFlat(value))
    throw badOption(`${where}: it is nested more than ${MAX_DEPTH} deep; fcn compare writes no such line`);
  return value;
}

/** An optional field may be absent, but not of another kind. */
const isAbsentOr = (value: unknown, test: (value: unknown) => boolean): boolean => value === undefined || test(value);

function areVariants(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0 || !value.every(isNetwork)) return false;
  return new Set(value).size === value.length && mixtureProblem(value as string[]) === undefined;
}

const areClassNames = (value: unknown): boolean =>
  Array.isArray(value) && value.length >= 1 && value.length <= MAX_CLASSES && value.every(isText);

/** What each field of a header must be, for messages. */
const HEADER_FIELDS: readonly (readonly [keyof RunHeader, (value: unknown) => boolean, string])[] = [
  ["variants", areVariants, `a list of ${COMPARABLE.join(", ")}, each at most once`],
  ["classNames", areClassNames, `a list of 1 to ${MAX_CLASSES} texts`],
  ["boundaryWidth", (value) => isWhole(value, 1, MAX_SIDE), "a whole number of 1 or more"],
  ["weights", isText, "a text"],
  ["adapter", isText, "a text"],
  ["precision", (value) => isAbsentOr(value, (v) => PRECISIONS.some((known) => known === v)), "a precision"],
  ["resize", (value) => isAbsentOr(value, (v) => isWhole(v, 1, MAX_SIDE)), "a whole number of 1 or more"],
  ["labels", (value) => isAbsentOr(value, isText), "a text"],
  ["base", (value) => isAbsentOr(value, isText), "a text"],
];

/**
 * The first line of results.jsonl.
 * @param where names the line in messages
 * @throws bad-option
 */
export function parseRunHeader(line: string, where: string): RunHeader {
  const value = parseLine(line, where);
  if (value.format !== FORMAT)
    throw badOption(
      `${where}: the first line is no header of "${FORMAT}"; it is not from fcn compare, or from another version`,
    );
  const required = ["variants", "classNames", "boundaryWidth"];
  if (!required.every((name) => Object.hasOwn(value, name)))
    throw badOption(`${where}: the header lacks variants, classNames or boundaryWidth`);
  for (const [name, test, needed] of HEADER_FIELDS) {
    if (!test(value[name])) throw badOption(`${where}: the header's ${name} is not ${needed}`);
  }
  return value as unknown as RunHeader;
}

/**
 * Any other line of results.jsonl.
 * @param where names the line in messages
 * @throws bad-option
 */
export function parseRecord(line: string, where: string, header: RunHeader): ResultRecord {
  const value = parseLine(line, where);
  const refuse = (what: string): FcnError => badOption(`${where}: ${what}; fcn compare writes no such line`);
  const kinds = ["ms", "error", "cost"].filter((key) => Object.hasOwn(value, key));
  if (kinds.length !== 1) throw refuse("it is neither a picture's record nor a failure nor a cost");
  const [kind] = kinds;
  const problem = kind === "cost" ? costProblem(value.cost) : pictureProblem(value, header);
  if (problem !== undefined) throw refuse(problem);
  return value as unknown as ResultRecord;
}

/** The numbers of a cost besides its size. */
const COST_FIELDS = [
  "ms",
  "sharedFlops",
  "headFlops",
  "sharedParameters",
  "headParameters",
  "weightBytes",
  "planBytes",
] as const;

function costProblem(cost: unknown): string | undefined {
  if (!isObject(cost)) return "its cost is no object";
  if (cost.variant !== ALL && !isNetwork(cost.variant)) return "its cost is of no known network";
  if (!hasSize(cost)) return "its cost has no size in whole pixels";
  const wrong = COST_FIELDS.find((name) => !isAmount(cost[name]));
  return wrong === undefined ? undefined : `its cost's ${wrong} is not a number of 0 or more`;
}

/** Pairs of a value of the label map and its pixels. */
function areCounts(value: unknown, pixels: number): boolean {
  return Array.isArray(value) && value.length % 2 === 0 && value.every((n) => isWhole(n, 0, Math.max(pixels, 0xffff)));
}

function pictureProblem(value: Fields, header: RunHeader): string | undefined {
  const { picture, error, ms } = value;
  if (!isText(picture) || picture === "") return "its picture has no name";
  if (Object.hasOwn(value, "error")) return isText(error) ? undefined : "its error is no text";
  if (!hasSize(value)) return "its size is not in whole pixels";
  if (!areTimes(ms)) return "its times are not numbers of 0 or more";
  const pixels = (value.width as number) * (value.height as number);
  if (!isAbsentOr(value.outside, (counts) => areCounts(counts, pixels))) return "its labels outside are not counts";
  if (!isAgreement(value.agreement, header, pixels)) return "its agreement does not fit its variants and pixels";
  if (!areScores(value.scores, header, pixels)) return "its scores do not fit its variants, classes and pixels";
  return undefined;
}

function areTimes(ms: unknown): boolean {
  if (!isObject(ms) || !isAmount(ms.total)) return false;
  return isAbsentOr(ms.stages, (stages) => isObject(stages) && Object.values(stages).every(isAmount));
}

function isAgreement(agreement: unknown, { variants }: RunHeader, pixels: number): boolean {
  if (!isObject(agreement)) return false;
  const keys = pairsOf(variants).map(([a, b]) => pairKey(a, b));
  return hasKeys(agreement, keys) && Object.values(agreement).every((same) => isWhole(same, 0, pixels));
}

function areScores(scores: unknown, { variants, classNames }: RunHeader, pixels: number): boolean {
  if (scores === undefined) return true;
  if (!isObject(scores) || !hasKeys(scores, variants)) return false;
  return Object.values(scores).every((own) => {
    if (!isObject(own)) return false;
    const all = countOf(own.confusion, classNames.length);
    const border = countOf(own.boundary, classNames.length);
    return all <= pixels && border <= all;
  });
}

/** Pixels of a list of ConfusionMatrix.toSparse(), whose indices ascend; NaN for anything else. */
function countOf(sparse: unknown, classes: number): number {
  if (!Array.isArray(sparse) || sparse.length % 2 !== 0) return NaN;
  const cells = classes * (classes + 1);
  let total = 0;
  let last = -1;
  for (let i = 0; i < sparse.length; i += 2) {
    const [at, count] = [sparse[i] as unknown, sparse[i + 1] as unknown];
    if (!isWhole(at, last + 1, cells - 1) || !isWhole(count, 1, Number.MAX_SAFE_INTEGER)) return NaN;
    last = at;
    total += count;
  }
  return total;
}
