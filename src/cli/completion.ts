/** `fcn completion`: scripts with which shells complete commands, options and their words. */
import { bashScript } from "./complete-bash.js";
import { fishScript } from "./complete-fish.js";
import { zshScript } from "./complete-zsh.js";
import { UsageError, parse } from "./command.js";
import type { Command } from "./command.js";
import type { ListedCommand } from "./command-list.js";
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
~/.config/fish/config.fish. It needs fcn in the PATH, where npm install -g puts
it.

Exit code 2 when called wrongly.`;

/** What is completed of a command: its options in the order of the help, and what stands in place of files. */
async function completed({ name, summary, load }: ListedCommand): Promise<CompletedCommand> {
  const command = await load();
  const options = usageOptions(command).map((option) => ({ ...option, words: command.choices?.[option.name] }));
  return { name, summary, words: command.words, options };
}

/** The command, with scripts that know these commands. */
export function completionOf(commands: readonly ListedCommand[]): Command {
  return {
    name: "completion",
    usage: USAGE,
    options: {},
    words: SHELLS,
    async run(args) {
      const [shell, ...more] = parse("completion", args, {}).positionals;
      const script = shell === undefined || more.length > 0 ? undefined : SCRIPTS.get(shell);
      if (!script) throw new UsageError(`completion: name one of ${SHELLS.join(", ")}, as in fcn completion bash`);
      print(script(await Promise.all(commands.map(completed))));
      return 0;
    },
  };
}
