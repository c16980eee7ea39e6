/** Completion for zsh, from a file in fpath or by `source`. */
import { FIRST_OPTIONS, HELP, argumentKind, isList, quoted } from "./completed-command.js";
import type { CompletedCommand, CompletedOption } from "./completed-command.js";
import { PROGRAM_NAMES } from "./program-name.js";

/** Signs that have a meaning within a specification of _arguments. */
const escaped = (text: string): string => text.replace(/[\\[\]:]/g, "\\$&");

/** How _arguments completes an option's argument. */
function actionOf(option: CompletedOption): string {
  const { words, argument = "" } = option;
  const kind = argumentKind(option);
  if (words && kind === "file") return `: _fcn_either ${words.join(" ")}`;
  if (words) return isList(option) ? `:_values -s , ${argument} ${words.join(" ")}` : `:(${words.join(" ")})`;
  if (kind === "folder") return ":_files -/";
  return kind === "file" ? ":_files" : ": ";
}

function specification(option: CompletedOption): string {
  const { name, short, argument, about } = option;
  const rest = `[${escaped(about)}]${argument === undefined ? "" : `:${escaped(argument)}${actionOf(option)}`}`;
  if (!short) return quoted(`--${name}${rest}`);
  return `${quoted(`(-${short} --${name})`)}{-${short},--${name}}${quoted(rest)}`;
}

/** One branch for a command. */
function branch({ name, words, options }: CompletedCommand): string {
  const rest = words ? `*:word:(${words.join(" ")})` : "*:file:_files";
  const all = [...options, { name: "help", short: "h", about: "show the options" }].map(specification);
  return `    ${name}) _arguments -s -S ${[...all, quoted(rest)].join(" \\\n      ")} ;;`;
}

export function zshScript(commands: readonly CompletedCommand[]): string {
  const all: readonly CompletedCommand[] = [...commands, { ...HELP, options: [] }];
  const described = all.map(({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(":", "\\:")}`)}`);
  const first = FIRST_OPTIONS.map(({ name, about }) => `    ${quoted(`--${name}:${about}`)}`);
  return `#compdef ${PROGRAM_NAMES.join(" ")}
# zsh completion. To load it: source <(fcn completion zsh), after compinit
_fcn_either() {
  _alternative "names:name:($*)" "files:file:_files"
}
_fcn() {
  local -a commands=(
${[...described, ...first].join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${all.map(branch).join("\n")}
  esac
}
if [[ $funcstack[1] == _fcn ]]; then _fcn "$@"; else compdef _fcn ${PROGRAM_NAMES.join(" ")}; fi`;
}
