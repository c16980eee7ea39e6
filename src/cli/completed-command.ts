/** What the scripts of all shells complete. */
import { COMMAND_NAMES } from "./program-name.js";
import type { UsageOption } from "./usage-options.js";

export interface CompletedOption extends UsageOption {
  /** The words that it takes, where it takes no others. */
  readonly words?: readonly string[] | undefined;
}

export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  /** What it takes in place of files; undefined for files. */
  readonly words?: readonly string[] | undefined;
  readonly options: readonly CompletedOption[];
}

/** Words in place of a command, and what they do. */
export const FIRST_OPTIONS: readonly UsageOption[] = [
  { name: "help", short: "h", about: "show the commands" },
  { name: "version", short: "V", about: "show the version" },
];
export const HELP = { name: "help", summary: "show the options of a command", words: COMMAND_NAMES } as const;

/** Whether the argument is a file, a folder, or something that no shell knows; undefined for an option without one. */
export function argumentKind({ name, argument }: UsageOption): "file" | "folder" | "other" | undefined {
  if (argument === undefined) return undefined;
  if (argument === "DIR") return "folder";
  return ["FILE", "F", "WEIGHTS"].includes(argument) || name === "weights" ? "file" : "other";
}

/** Whether the argument is words with commas between them. */
export const isList = ({ argument }: UsageOption): boolean => argument === "LIST";

/** As one word of a shell. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
