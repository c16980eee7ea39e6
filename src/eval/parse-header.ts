/** Reads the first line of `results.jsonl`. */
import { badOption } from "../base/errors.js";
import { COMPARABLE } from "../models/compared.js";
import { PRECISIONS } from "../models/precision.js";
import { MAX_NETWORKS, isNetworkName, isShownName } from "../models/set-names.js";
import { isTorchvisionHead } from "../weights/heads.js";
import { MAX_CLASSES } from "./confusion.js";
import { MAX_SIDE, isAbsentOr, isObject, isText, isWhole, parseLine } from "./record-checks.js";
import type { Fields } from "./record-checks.js";
import { FORMAT, SET_FORMAT } from "./records.js";
import type { RunHeader } from "./records.js";

/** Whether no two of the values are equal, and each passes the test. */
const areDistinct = (values: unknown, test: (value: unknown) => boolean): values is readonly string[] =>
  Array.isArray(values) && values.length > 0 && values.every(test) && new Set(values).size === values.length;

/** Variants over one backbone. */
const areVariants = (value: unknown): boolean =>
  areDistinct(value, (name) => COMPARABLE.some((variant) => variant === name)) &&
  (value.length === 1 || !value.some(isTorchvisionHead));

/** Names of networks over any backbones. */
const areNames = (value: unknown): boolean => areDistinct(value, isNetworkName) && value.length <= MAX_NETWORKS;

/** Whether the groups have names of their own, and hold each network of the header once, in its order. */
function areGroups(value: unknown, variants: readonly string[]): boolean {
  if (!Array.isArray(value) || value.length === 0 || !value.every(isObject)) return false;
  const areWhole = value.every(
    ({ weights, variants: own, resize }) => isText(weights) && areNames(own) && isAbsentOr(resize, isResize),
  );
  const names = value.map(({ name }) => name);
  const networks = value.flatMap((group) => group.variants);
  return areWhole && areDistinct(names, isShownName) && JSON.stringify(networks) === JSON.stringify(variants);
}

const isResize = (value: unknown): boolean => isWhole(value, 1, MAX_SIDE);

/** "3/7". */
function isShard(value: unknown): boolean {
  const [, part, parts] = (typeof value === "string" && /^(\d{1,6})\/(\d{1,6})$/.exec(value)) || [];
  return Number(part) >= 1 && Number(part) <= Number(parts);
}

const areClassNames = (value: unknown): boolean =>
  Array.isArray(value) && value.length >= 1 && value.length <= MAX_CLASSES && value.every(isText);

/** What each field of a header must be, for messages. */
const HEADER_FIELDS: readonly (readonly [keyof RunHeader, (value: unknown) => boolean, string])[] = [
  ["classNames", areClassNames, `a list of 1 to ${MAX_CLASSES} texts`],
  ["boundaryWidth", (value) => isWhole(value, 1, MAX_SIDE), "a whole number of 1 or more"],
  ["weights", isText, "a text"],
  ["adapter", isText, "a text"],
  ["precision", (value) => isAbsentOr(value, (v) => PRECISIONS.some((known) => known === v)), "a precision"],
  ["resize", (value) => isAbsentOr(value, isResize), "a whole number of 1 or more"],
  ["labels", (value) => isAbsentOr(value, isText), "a text"],
  ["base", (value) => isAbsentOr(value, isText), "a text"],
  ["shard", (value) => isAbsentOr(value, isShard), "a shard such as 3/7"],
  ["pictures", (value) => isAbsentOr(value, (v) => isWhole(v, 0, Number.MAX_SAFE_INTEGER)), "a whole number"],
  ["list", (value) => isAbsentOr(value, (v) => typeof v === "string" && /^[0-9a-f]{64}$/.test(v)), "a SHA-256"],
];

function oneBackboneProblem({ variants, groups }: Fields): string | undefined {
  if (!areVariants(variants)) return `variants is not a list of ${COMPARABLE.join(", ")}, each at most once`;
  return groups === undefined ? undefined : `groups do not belong to "${FORMAT}"`;
}

function setProblem({ variants, groups }: Fields): string | undefined {
  if (!areNames(variants)) return `variants is not a list of 1 to ${MAX_NETWORKS} names of networks, no two alike`;
  const areThere = areGroups(groups, variants as readonly string[]);
  return areThere ? undefined : "groups are not a list of names, weights and variants that fit its variants";
}

/**
 * The first line of results.jsonl.
 * @param where names the line in messages
 * @throws bad-option
 */
export function parseRunHeader(line: string, where: string): RunHeader {
  const value = parseLine(line, where);
  if (value.format !== FORMAT && value.format !== SET_FORMAT)
    throw badOption(
      `${where}: the first line is no header of "${FORMAT}" or "${SET_FORMAT}"; ` +
        "it is not from fcn compare, or from another version",
    );
  const required = ["variants", "classNames", "boundaryWidth"];
  if (!required.every((name) => Object.hasOwn(value, name)))
    throw badOption(`${where}: the header lacks variants, classNames or boundaryWidth`);
  const problem = value.format === SET_FORMAT ? setProblem(value) : oneBackboneProblem(value);
  if (problem !== undefined) throw badOption(`${where}: the header's ${problem}`);
  for (const [name, test, needed] of HEADER_FIELDS) {
    if (!test(value[name])) throw badOption(`${where}: the header's ${name} is not ${needed}`);
  }
  const ofShard = ["shard", "pictures", "list"].filter((name) => Object.hasOwn(value, name));
  if (ofShard.length === 1 || ofShard.length === 2)
    throw badOption(`${where}: the header has ${ofShard.join(" and ")} only; a shard has shard, pictures and list`);
  return value as unknown as RunHeader;
}
