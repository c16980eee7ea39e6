/** `fcn completion`: scripts with which shells complete commands, options and their words. */
import { bashScript } from "./complete-bash.js";
import { fishScript } from "./complete-fish.js";
import { zshScript } from "./complete-zsh.js";
import { UsageError, parse } from "./command.js";
import type { Command } from "./command.js";
import type { CompletedCommand } from "./completed-command.js";
import { print } from "./output.js";
import { usageOptions } from "./usage-options.js";

const SCRIPTS = new Map<string, (commands: readonly CompletedCommand[]) => string>([
  ["bash", bashScript],
  ["zsh", zshScript],
  ["fish", fishScript],
]);
const SHELLS = [...SCRIPTS.keys()];

const USAGE = `fcn completion bash|zsh|fish

Prints a script with which the shell completes commands, options and the words
that options take. For this session:

  source <(fcn completion bash)      in bash
  source <(fcn completion zsh)       in zsh, after compinit
  fcn completion fish | source       in fish

For all sessions, put that line into ~/.bashrc, ~/.zshrc or
~/.config/fish/config.fish. It needs fcn in the PATH: npm install -g fcn-webgpu.

Exit code 2 when called wrongly.`;

/** What is completed of a command: its options in the order of the help, and what stands in place of files. */
const completed = (command: Command): CompletedCommand => ({
  name: command.name,
  summary: command.summary,
  words: command.words,
  options: usageOptions(command).map((option) => ({ ...option, words: command.choices?.[option.name] })),
});

/** The command for these commands and itself. */
export function completionOf(commands: readonly Command[]): Command {
  const own: Command = {
    name: "completion",
    summary: "print a completion script for bash, zsh or fish",
    usage: USAGE,
    options: {},
    words: SHELLS,
    async run(args) {
      const [shell, ...more] = parse("completion", args, {}).positionals;
      const script = shell === undefined || more.length > 0 ? undefined : SCRIPTS.get(shell);
      if (!script) throw new UsageError(`completion: name one of ${SHELLS.join(", ")}, as in fcn completion bash`);
      print(script([...commands, own].map(completed)));
      return 0;
    },
  };
  return own;
}
