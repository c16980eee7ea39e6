/** What every command shares: parsing options and usage errors. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { ParseArgsConfig } from "node:util";
import { messageOf } from "../base/errors.js";
import { setQuiet } from "./output.js";
import type { CommandName } from "./program-name.js";

/** A mistake in how the program was called: one sentence, exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

type Options = NonNullable<ParseArgsConfig["options"]>;

export interface Command {
  readonly name: CommandName;
  /** Printed by --help. It describes each of `options`. */
  readonly usage: string;
  /** What `run` parses. */
  readonly options: Options;
  /** The words that an option takes, where it takes no others. For completion. */
  readonly choices?: Readonly<Record<string, readonly string[]>>;
  /** The words that the command takes in place of files; [] for none. For completion. */
  readonly words?: readonly string[];
  /** Whether another run goes on where one ended. An error that passes by itself then has an exit code of its own. */
  readonly resumes?: boolean;
  /** Runs with the arguments after the command's name; gives the exit code. */
  run(args: readonly string[]): Promise<number>;
}

/** Of commands that have notes, warnings or progress to leave out. */
export const QUIET_OPTION = { quiet: { type: "boolean", short: "q", default: false } } as const;

export interface Parsed<O extends Options> {
  readonly values: ReturnType<typeof parseArgs<{ options: O; allowPositionals: true; strict: true }>>["values"];
  readonly positionals: string[];
  /** Names of the options that were written, without those left to their defaults. */
  readonly given: ReadonlySet<string>;
}

/** node:util's parser. --quiet holds from here on. @throws UsageError with the parser's first sentence */
export function parse<const O extends Options>(command: string, args: readonly string[], options: O): Parsed<O> {
  try {
    const { values, positionals, tokens } = parseArgs({
      args: [...args],
      options,
      allowPositionals: true,
      strict: true,
      tokens: true,
    });
    const given = new Set(tokens.flatMap((token) => (token.kind === "option" ? [token.name] : [])));
    setQuiet(given.has("quiet"));
    return { values, positionals, given };
  } catch (error) {
    const [first = ""] = messageOf(error).split(". ");
    const sentence = first.charAt(0).toLowerCase() + first.slice(1).replace(/\.$/, "");
    throw new UsageError(`${command}: ${sentence}; see fcn ${command} --help`);
  }
}

/** Refuses options that would be ignored. `why` follows the option's name in the sentence. @throws UsageError */
export function refuse(command: string, given: ReadonlySet<string>, names: readonly string[], why: string): void {
  const name = names.find((n) => given.has(n));
  if (name !== undefined) throw new UsageError(`${command}: --${name} ${why}`);
}

/** One of the allowed words. @throws UsageError */
export function oneOf<T extends string>(command: string, option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((a) => a === value);
  if (found === undefined) throw new UsageError(`${command}: --${option} ${value} is not one of ${allowed.join(", ")}`);
  return found;
}

/** The parts of "a, b,c". */
export const listOf = (text: string): string[] => text.split(",").map((part) => part.trim());

/** package.json, from src/cli in a checkout and from dist/src/cli in a build. */
const PACKAGE_FILES = ["../../package.json", "../../../package.json"];

/** The version in this package's package.json. */
export function packageVersion(): string {
  for (const path of PACKAGE_FILES) {
    try {
      const text = readFileSync(new URL(path, import.meta.url), "utf8");
      const { name, version } = JSON.parse(text) as { name: string; version: string };
      if (name === "fcn-webgpu") return version;
    } catch {
      // Only one of the two exists.
    }
  }
  return "unknown";
}
