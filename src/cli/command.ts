/** What every command shares: parsing options and usage errors. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { ParseArgsConfig } from "node:util";
import { closest } from "../base/closest.js";
import { messageOf } from "../base/errors.js";
import { setQuiet } from "./output.js";
import type { CommandName } from "./program-name.js";

/** A mistake in how the program was called: one sentence, exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

type ParserOption = NonNullable<ParseArgsConfig["options"]>[string];

/** What node:util's parser takes of an option, and what parse() checks beyond it. */
export interface CommandOption extends ParserOption {
  /** The value is a list, or a file with one. A second one is refused, because it would replace the first. */
  readonly list?: true;
  /** An empty value is the command's to judge: it means something, or has a sentence of its own. */
  readonly mayBeEmpty?: true;
}

type Options = Readonly<Record<string, CommandOption>>;

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

/** Of the word after an option, `-1` is a value: the option's own check says what is wrong with it. */
function withNegativeNumbers(args: readonly string[], options: Options): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const before = joined.at(-1) ?? "";
    const takesValue = before.startsWith("--") && options[before.slice(2)]?.type === "string";
    if (takesValue && !joined.includes("--") && /^-[\d.]/.test(arg)) joined.splice(-1, 1, `${before}=${arg}`);
    else joined.push(arg);
  }
  return joined;
}

/** Letters by which a word may differ from the one that was meant. */
const MOST_TYPOS = 2;

/** The word that may be meant. Most letters of it are right. */
export const closestWord = <T extends string>(word: string, words: readonly T[]): T | undefined =>
  closest(word, words, Math.min(MOST_TYPOS, word.length - 2));

/** The parser's error as one sentence, with the cure. */
function parseSentence(error: unknown, args: readonly string[], options: Options): string {
  const [first = ""] = messageOf(error).split(/\. |\.?\n/);
  const sentence = first.charAt(0).toLowerCase() + first.slice(1).replace(/\.$/, "");
  const { code } = error as NodeJS.ErrnoException;
  const option = /'(--?[^' ]+)/.exec(first)?.[1] ?? "";
  if (code === "ERR_PARSE_ARGS_INVALID_OPTION_VALUE" && sentence.endsWith("ambiguous"))
    return `${option} needs a value; one that begins with a dash is written ${option}=-VALUE`;
  const file = args.find((arg) => arg.startsWith(option) && arg.includes("."));
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION" && option !== "" && file !== undefined)
    return `${sentence} in ${file}; if that is a file, write ./${file}, or put it after --`;
  const near =
    code === "ERR_PARSE_ARGS_UNKNOWN_OPTION" ? closestWord(option.slice(2), Object.keys(options)) : undefined;
  if (near !== undefined) return `${sentence}; the closest is --${near}`;
  return sentence;
}

/** @throws UsageError for a list that is given twice */
function refuseTwice(command: string, names: readonly string[], options: Options): void {
  const twice = names.find((name, i) => options[name]?.list && names.indexOf(name) < i);
  if (twice !== undefined) throw new UsageError(`${command}: --${twice} is given twice; give it once, with all of it`);
}

/** What was written without a value: an unset variable of a shell, mostly. @throws UsageError */
function refuseEmpty(
  command: string,
  { values, positionals }: Pick<Parsed<Options>, "values" | "positionals">,
  options: Options,
): void {
  const empty = Object.keys(values).find((name) => values[name] === "" && !options[name]?.mayBeEmpty);
  if (empty !== undefined) throw new UsageError(`${command}: --${empty} is empty; give it a value or leave it out`);
  if (positionals.includes("")) throw new UsageError(`${command}: one of the words is empty ("")`);
}

/** node:util's parser. --quiet holds from here on. @throws UsageError with the parser's first sentence */
export function parse<const O extends Options>(command: string, args: readonly string[], options: O): Parsed<O> {
  try {
    const { values, positionals, tokens } = parseArgs({
      args: withNegativeNumbers(args, options),
      options,
      allowPositionals: true,
      strict: true,
      tokens: true,
    });
    const names = tokens.flatMap((token) => (token.kind === "option" ? [token.name] : []));
    refuseTwice(command, names, options);
    refuseEmpty(command, { values, positionals }, options);
    const given = new Set(names);
    setQuiet(given.has("quiet"));
    return { values, positionals, given };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${command}: ${parseSentence(error, args, options)}; see fcn ${command} --help`);
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
  if (found === undefined)
    throw new UsageError(`${command}: --${option} ${value || '""'} is not one of ${allowed.join(", ")}`);
  return found;
}

const DECIMAL = /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** "0.5" or "1e-3" as a number of 0 or more; NaN for anything else, such as "0x10" or " 5". */
export const decimalOf = (text: string): number => (DECIMAL.test(text) ? Number(text) : NaN);

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
