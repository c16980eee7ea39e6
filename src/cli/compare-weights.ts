/** `fcn compare --weights LIST`: several checkpoints, separated by commas, which names of files may hold as well. */
import { existsSync } from "node:fs";
import { nativePath, realNameSync } from "../base/native-path.js";
import { UsageError } from "./command.js";

const exists = (path: string): boolean => existsSync(nativePath(path));

/** Parts that are joined to the longest name of a file that exists; else they stand alone. */
function joinedParts(parts: readonly string[]): string[] {
  const found: string[] = [];
  for (let start = 0; start < parts.length;) {
    let end = parts.length;
    while (end > start + 1 && !exists(parts.slice(start, end).join(","))) end--;
    found.push(parts.slice(start, end).join(","));
    start = end;
  }
  return found;
}

/** @throws UsageError for an empty name and for weights that are named twice */
export function parseWeights(text: string): string[] {
  const all = joinedParts(text.split(",")).map((name) => (exists(name) ? name : name.trim()));
  if (all.some((name) => name === ""))
    throw new UsageError(`compare: --weights ${JSON.stringify(text)} has an empty name; separate names by one comma`);
  const named = new Map<string, string>();
  for (const name of all) {
    const identity = exists(name) ? realNameSync(name) : name;
    const before = named.get(identity);
    if (before !== undefined)
      throw new UsageError(
        `compare: --weights names ${before} twice${before === name ? "" : `, also as ${name}`}; a network compared ` +
          "with itself tells nothing, so name it once",
      );
    named.set(identity, name);
  }
  return all;
}
