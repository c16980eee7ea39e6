/** The options of a command as its --help describes them. */
import type { Command } from "./command.js";

export interface UsageOption {
  readonly name: string;
  /** One letter. */
  readonly short?: string | undefined;
  /** The word that stands for the option's argument, such as FILE; undefined for an option without one. */
  readonly argument?: string | undefined;
  /** The first clause of the description. */
  readonly about: string;
}

/** `  -o, --out DIR    folder for the results`, and the lines that go on below it. */
const OPTION = /^ {2}(?:-(\w), )?--([\w-]+) ?(.*)((?:\n {6,}\S.*)*)/gm;
const LONGEST_CLAUSE = 70;

/** Up to the first sign that ends a clause, on one line and not too long. */
function firstClause(text: string): string {
  const [clause = ""] = text
    .trim()
    .replace(/\s+/g, " ")
    .split(/[:;(]|, (?:as|which|in|also) |\. /);
  const words = clause.trim();
  return words.length <= LONGEST_CLAUSE ? words : `${words.slice(0, LONGEST_CLAUSE - 3).trimEnd()}...`;
}

/** In the order of the help. */
export function usageOptions({ usage, options }: Pick<Command, "usage" | "options">): UsageOption[] {
  return [...usage.matchAll(OPTION)].map(([, short, name = "", line = "", more = ""]) => {
    if (options[name]?.type !== "string") return { name, short, about: firstClause(line + more) };
    const [argument = "", ...words] = line.split(" ");
    return { name, short, argument, about: firstClause(words.join(" ") + more) };
  });
}
