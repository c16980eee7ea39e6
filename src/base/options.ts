/**
 * Checks options where plain JavaScript passes them. A misspelt name or a wrong type would otherwise be ignored, so it
 * is an error that says what to write.
 */
import { badOption, hasNo } from "./errors.js";

/** What each option may be, in words that name the types: "a string or number", "an AbortSignal". */
export type Kinds<Options> = Readonly<Record<keyof Options & string, string>>;

/** The type of a primitive or the class of an object: "string", "null", "AbortSignal", "Object". */
export function typeName(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value;
  return Object.prototype.toString.call(value).slice("[object ".length, -"]".length);
}

/** By name and not by instanceof: a frame or a vm context, as Jest makes one, has a class URL of its own. */
export const isTextOrUrl = (value: unknown): value is string | URL => /^(string|URL)$/.test(typeName(value));

/** A wrong value in a message: numbers and texts as they are, the type of anything else. Never throws. */
export const describeValue = (value: unknown): string =>
  typeof value === "number" || typeof value === "string" ? `${value}` : typeName(value);

/** `usage` shows the call, such as "segment(picture, { signal: ... })". @throws bad-option */
export function checkOptions<Options>(usage: string, given: Options, kinds: Kinds<Options>): void {
  const call = usage.slice(0, usage.indexOf("("));
  if (typeName(given) !== "Object") {
    throw badOption(`${call} takes an object of options, got ${typeName(given)}: ${usage}`);
  }
  for (const [key, value] of Object.entries(given as object)) {
    if (!Object.hasOwn(kinds, key)) {
      throw badOption(hasNo(call, "option", key, Object.keys(kinds)));
    }
    if (value !== undefined) checkKind(`${call}: ${key}`, value, kinds[key as keyof Kinds<Options>]);
  }
}

/** @throws bad-option when `kind` does not name the type of `value` */
export function checkKind(what: string, value: unknown, kind: string): void {
  const allowed = kind.toLowerCase().split(/\W+/);
  if (!allowed.includes(typeName(value).toLowerCase())) {
    throw badOption(`${what} must be ${kind}, got ${typeName(value)}`);
  }
}

/** @throws bad-option when `value` is given and not among `values` */
export function checkOneOf<T>(name: string, value: T | undefined, values: readonly T[]): void {
  if (value !== undefined && !values.includes(value)) {
    throw badOption(`${name} "${describeValue(value)}" is not one of ${values.join(", ")}`);
  }
}

/** @throws bad-option when `value` is not a whole number of 1 or more */
export function checkCount(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw badOption(`${name} must be a whole number of 1 or more, got ${value}`);
  }
}
