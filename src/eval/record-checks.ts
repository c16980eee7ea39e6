/** Checks of values in results.jsonl, which may come from other machines and other people. */
import { badOption } from "../base/errors.js";

export type Fields = Readonly<Record<string, unknown>>;

/** Our own records nest five deep; deeper ones would end in a stack overflow when they are written. */
const MAX_DEPTH = 12;
/** Longest text that is shown or compared. */
const MAX_TEXT = 1 << 16;
/** Longest side of a picture, and pixels of one, that any version could have written. */
export const MAX_SIDE = 1 << 24;
const MAX_PIXELS = 2 ** 40;
/** Milliseconds, operations, bytes: beyond this no plot has room. */
const MAX_AMOUNT = 1e18;
/** Characters of a line that a message quotes. */
const QUOTED = 60;

export const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
export const isText = (value: unknown): value is string => typeof value === "string" && value.length <= MAX_TEXT;
export const isAmount = (value: unknown): value is number =>
  typeof value === "number" && value >= 0 && value <= MAX_AMOUNT;
export const isWhole = (value: unknown, low: number, high: number): value is number =>
  Number.isInteger(value) && (value as number) >= low && (value as number) <= high;
export const hasSize = ({ width, height }: Fields): boolean =>
  isWhole(width, 1, MAX_SIDE) && isWhole(height, 1, MAX_SIDE) && width * height <= MAX_PIXELS;

/** Whether these are the object's own keys, in any order. */
export function hasKeys(value: Fields, keys: readonly string[]): boolean {
  return Object.keys(value).length === keys.length && keys.every((key) => Object.hasOwn(value, key));
}

function isFlat(value: unknown, depth = MAX_DEPTH): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((part) => isFlat(part, depth - 1));
}

export function parseLine(line: string, where: string, command = "compare"): Fields {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw badOption(
      `${where}: it is not JSON: ${JSON.stringify(line.slice(0, QUOTED))}; remove the line, and --resume does its ` +
        "picture again",
    );
  }
  if (!isObject(value)) throw badOption(`${where}: it is not a JSON object`);
  if (!isFlat(value))
    throw badOption(`${where}: it is nested more than ${MAX_DEPTH} deep; fcn ${command} writes no such line`);
  return value;
}

/** An optional field may be absent, but not of another kind. */
export const isAbsentOr = (value: unknown, test: (value: unknown) => boolean): boolean =>
  value === undefined || test(value);
