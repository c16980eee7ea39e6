/**
 * Names of classes in the metadata of a safetensors file, under the key `classes`: a JSON array of texts, an object of
 * them by number as Hugging Face's id2label, or names separated by commas. Files may be hostile, so the text is bounded
 * and every name is made fit to be shown.
 */
import { shown } from "../base/printable.js";

/** Characters of the text. 256 names of LONGEST_NAME fit. */
const LONGEST_TEXT = 65_536;
const LONGEST_NAME = 100;

/** One line without control characters, cut where it is long; "class 7" where it is empty. */
export const showableName = (name: string, index: number): string =>
  shown(name.trim(), LONGEST_NAME) || `class ${index}`;

/** Undefined for text that is not a list of names. */
export function namesIn(text: string): string[] | undefined {
  if (text.length > LONGEST_TEXT) return undefined;
  // A parenthesis begins what Python prints of a tuple, which is not JSON.
  const parts: unknown = /^\s*[[{(]/.test(text) ? valuesByNumber(parsed(text)) : text.split(",");
  const isList = Array.isArray(parts) && parts.every((part) => typeof part === "string");
  return isList ? parts.map(showableName) : undefined;
}

/** What is wrong with text that namesIn() does not read. */
export function listFault(text = ""): string {
  const size = text.length > LONGEST_TEXT ? ` in at most ${LONGEST_TEXT} characters, but ${text.length}` : "";
  return `have no list of classes${size}`;
}

/** The values of {"0": "sky", "1": "road"}, or of an array, if their keys are 0, 1, 2 and so on. */
const valuesByNumber = (json: object | undefined): unknown =>
  json && Object.keys(json).every((key, i) => key === String(i)) ? Object.values(json) : undefined;

function parsed(json: string): object | undefined {
  try {
    return JSON.parse(json) as object;
  } catch {
    return undefined; // no list of names: the caller says so
  }
}
