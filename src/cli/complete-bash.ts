/** Completion for bash, 3.2 (macOS) and newer. */
import { FIRST_OPTIONS, HELP, argumentKind, isList, quoted } from "./completed-command.js";
import type { CompletedCommand, CompletedOption } from "./completed-command.js";
import { PROGRAM_NAMES } from "./program-name.js";

/** The words of a list as bash splits them. */
const joined = (words: readonly string[]): string => quoted(words.join(" "));

const flagsOf = ({ name, short }: CompletedOption): string[] => [`--${name}`, ...(short ? [`-${short}`] : [])];

/** What follows an option. Where nothing is set, readline offers files. */
function afterOption(command: string, option: CompletedOption): string {
  const patterns = flagsOf(option).map((flag) => quoted(`${command} ${flag}`));
  const kind = argumentKind(option);
  const parts = [
    ...(option.words ? [`words=${joined(option.words)}`] : []),
    ...(option.words && isList(option) ? ["list=1"] : []),
    ...(kind === "folder" ? ["folders=1"] : []),
    ...(kind === "other" ? ["only=1"] : []),
  ];
  return `    ${patterns.join(" | ")}) ${parts.join(" ") || ":"} ;;`;
}

export function bashScript(commands: readonly CompletedCommand[]): string {
  const all: readonly CompletedCommand[] = [...commands, { ...HELP, options: [] }];
  const options = all.flatMap(({ name, options: own }) =>
    own.filter(({ argument }) => argument !== undefined).map((option) => afterOption(name, option)),
  );
  const flags = all.map(
    ({ name, options: own }) => `        ${name}) words=${joined([...own.map((o) => `--${o.name}`), "--help"])} ;;`,
  );
  const words = all.flatMap(({ name, words: own }) => (own ? [`        ${name}) only=1 words=${joined(own)} ;;`] : []));
  const first = [...all.map(({ name }) => name), ...FIRST_OPTIONS.map(({ name }) => `--${name}`)];
  return `# bash completion. To load it: source <(fcn completion bash)
_fcn() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD - 1]}"
  local command="\${COMP_WORDS[1]}" head="" words="" list="" folders="" only=""
  COMPREPLY=()
  # bash takes the sign of --name=value for a word
  if [[ "$cur" == "=" ]]; then cur=""; elif [[ "$prev" == "=" ]]; then prev="\${COMP_WORDS[COMP_CWORD - 2]}"; fi
  if [[ $COMP_CWORD -eq 1 ]]; then only=1 words=${joined(first)}
  else case "$command $prev" in
${options.join("\n")}
    *)
      if [[ "$cur" == -* ]]; then only=1; case "$command" in
${flags.join("\n")}
      esac; else case "$command" in
${words.join("\n")}
      esac; fi ;;
  esac; fi
  if [[ -n "$list" && "$cur" == *,* ]]; then head="\${cur%,*},"; cur="\${cur##*,}"; fi
  if [[ -n "$folders" ]]; then
    compopt -o filenames 2>/dev/null
    local IFS=$'\\n'
    COMPREPLY=($(compgen -d -- "$cur"))
  elif [[ -n "$words" ]]; then COMPREPLY=($(compgen -P "$head" -W "$words" -- "$cur")); fi
  if [[ -n "$only" ]]; then compopt +o default 2>/dev/null; fi
  return 0
}
complete -o default -F _fcn ${PROGRAM_NAMES.join(" ")}`;
}
