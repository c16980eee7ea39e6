/**
 * Reads the lines of `results.jsonl` after the first (parse-header.ts). They may come from other machines and other
 * people, so every field that is used later is checked: its type, its range, and that counts fit the picture.
 */
import { badOption } from "../base/errors.js";
import type { FcnError } from "../base/errors.js";
import { COST_NUMBERS } from "../models/network-cost.js";
import { groupsOf } from "./groups.js";
import { hasKeys, hasSize, isAbsentOr, isAmount, isObject, isText, isWhole, parseLine } from "./record-checks.js";
import type { Fields } from "./record-checks.js";
import { pairKey, pairsOf } from "./records.js";
import type { ResultRecord, RunHeader } from "./records.js";

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
  const problem = kind === "cost" ? costProblem(value.cost, header) : pictureProblem(value, header);
  if (problem !== undefined) throw refuse(problem);
  return value as unknown as ResultRecord;
}

/** Rounds of a cost at most. */
const MAX_ROUNDS = 1000;

const areRounds = (times: unknown): boolean =>
  Array.isArray(times) && times.length >= 1 && times.length <= MAX_ROUNDS && times.every(isAmount);

function costProblem(cost: unknown, header: RunHeader): string | undefined {
  if (!isObject(cost)) return "its cost is no object";
  const together = groupsOf(header).map((group) => group.together);
  if (![...header.variants, ...together].includes(cost.variant as string)) return "its cost is of no known network";
  if (!hasSize(cost)) return "its cost has no size in whole pixels";
  if (!isAbsentOr(cost.times, areRounds)) return `its cost's times are not 1 to ${MAX_ROUNDS} numbers of 0 or more`;
  const wrong = COST_NUMBERS.find((name) => !isAmount(cost[name]));
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
  if (!areTimes(ms, header.groups?.length)) return "its times are not numbers of 0 or more";
  const pixels = (value.width as number) * (value.height as number);
  if (!isAbsentOr(value.outside, (counts) => areCounts(counts, pixels))) return "its labels outside are not counts";
  if (!isAgreement(value.agreement, header, pixels)) return "its agreement does not fit its variants and pixels";
  if (!areScores(value.scores, header, pixels)) return "its scores do not fit its variants, classes and pixels";
  return undefined;
}

/** @param groups of the header, if it has any */
function areTimes(ms: unknown, groups: number | undefined): boolean {
  if (!isObject(ms) || !isAmount(ms.total)) return false;
  const { groups: own } = ms;
  const areOfGroups = Array.isArray(own) && own.length === groups && own.every(isAmount);
  if (groups === undefined ? own !== undefined : !areOfGroups) return false;
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
