/** Completion for fish. */
import { FIRST_OPTIONS, HELP, argumentKind } from "./completed-command.js";
import type { CompletedCommand, CompletedOption } from "./completed-command.js";
import { PROGRAM_NAMES } from "./program-name.js";

/** fish knows two escapes within single quotes. */
const quoted = (text: string): string => `'${text.replace(/[\\']/g, "\\$&")}'`;
const wordsOf = (words: readonly string[]): string => quoted(words.join(" "));

/** What an option takes: -x is an argument that is not a file, -r one that may be. */
function argumentOf(option: CompletedOption): string[] {
  const kind = argumentKind(option);
  if (kind === undefined) return [];
  if (kind === "folder") return ["-x", "-a", "'(__fish_complete_directories)'"];
  return [kind === "file" ? "-r" : "-x", ...(option.words ? ["-a", wordsOf(option.words)] : [])];
}

export function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = (program: string): string[] => {
    const complete = (...parts: string[]): string => ["complete", "-c", program, ...parts].join(" ");
    const first = "-n __fish_use_subcommand";
    const within = (name: string): string => `-n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
    const all: readonly CompletedCommand[] = [...commands, { ...HELP, options: [] }];
    return [
      ...FIRST_OPTIONS.map(({ name, short = "", about }) =>
        complete(first, `-s ${short}`, `-l ${name}`, "-d", quoted(about)),
      ),
      ...all.map(({ name, summary }) => complete(first, "-f", `-a ${name}`, "-d", quoted(summary))),
      ...all.flatMap(({ name, words, options }) => [
        ...(words ? [complete(within(name), "-f", ...(words.length > 0 ? ["-a", wordsOf(words)] : []))] : []),
        ...options.map((option) => {
          const short = option.short ? [`-s ${option.short}`] : [];
          const parts = [...short, `-l ${option.name}`, ...argumentOf(option), "-d", quoted(option.about)];
          return complete(within(name), ...parts);
        }),
      ]),
    ];
  };
  return ["# fish completion. To load it: fcn completion fish | source", ...PROGRAM_NAMES.flatMap(lines)].join("\n");
}
