/**
 * Names of classes in the metadata of a safetensors file, under the key `classes`: a JSON array of texts, or names
 * separated by commas. Files may be hostile, so the text is bounded and every name is made fit to be shown.
 */
import { shown } from "../base/printable.js";

/** Characters of the text. 256 names of LONGEST_NAME fit. */
const LONGEST_TEXT = 65_536;
const LONGEST_NAME = 100;

/** One line without control characters, cut where it is long; "class 7" where it is empty. */
export const showableName = (name: string, index: number): string =>
  shown(name.trim(), LONGEST_NAME) || `class ${index}`;

/** Undefined for text that is no list of names. */
export function namesIn(text: string): string[] | undefined {
  if (text.length > LONGEST_TEXT) return undefined;
  const parts: unknown = text.trim().startsWith("[") ? parsed(text) : text.split(",");
  const isList = Array.isArray(parts) && parts.every((part) => typeof part === "string");
  return isList ? parts.map(showableName) : undefined;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // no list of names: the caller says so
  }
}
