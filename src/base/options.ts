/**
 * Options at the library's border, for callers without types: what would be ignored there, a misspelt name or weights where the
 * options belong, is an error that says what to write.
 */
import { FcnError } from "./errors.js";

/** What an option may be, in words that name the types: "a string or number", "an AbortSignal". */
export type Kinds<Options> = Readonly<Record<keyof Options & string, string>>;

/** Type of a primitive, class of an object: "string", "null", "AbortSignal", "Object". */
export const typeName = (value: unknown): string =>
  typeof value === "object"
    ? value === null
      ? "null"
      : Object.prototype.toString.call(value).slice(8, -1)
    : typeof value;

export const badOption = (sentence: string): FcnError => new FcnError("bad-option", sentence);

/** `usage` shows the call, as "segment(picture, { signal: ... })". @throws bad-option */
export function checkOptions<Options>(usage: string, given: Options, kinds: Kinds<Options>): void {
  const call = usage.slice(0, usage.indexOf("("));
  if (typeName(given) !== "Object")
    throw badOption(`${call} takes an object of options, got ${typeName(given)}: ${usage}`);
  for (const [key, value] of Object.entries(given as object)) {
    if (!Object.hasOwn(kinds, key))
      throw badOption(`${call} has no option "${key}"; it has ${Object.keys(kinds).join(", ")}`);
    if (value !== undefined) checkKind(`${call}: ${key}`, value, kinds[key as keyof Kinds<Options>]);
  }
}

/** @throws bad-option when the type of `value` is not among the words of `kind` */
export function checkKind(what: string, value: unknown, kind: string): void {
  if (!kind.toLowerCase().split(/\W+/).includes(typeName(value).toLowerCase()))
    throw badOption(`${what} must be ${kind}, got ${typeName(value)}`);
}

/** @throws bad-option when a value that is given is not among `values` */
export function checkOneOf<T>(name: string, value: T | undefined, values: readonly T[]): void {
  if (value !== undefined && !values.includes(value))
    throw badOption(`${name} "${String(value)}" is not one of ${values.join(", ")}`);
}
