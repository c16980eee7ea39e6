/** Completion scripts, from the tables of options that the commands parse and describe. Runs the build. */
import { describe, expect, it } from "vitest";
import type { Command } from "../src/cli/command.js";
import { COMMANDS as LISTED } from "../src/cli/command-list.js";
import { completionOf } from "../src/cli/completion.js";
import { COMMAND_NAMES } from "../src/cli/program-name.js";
import { usageOptions } from "../src/cli/usage-options.js";
import { runCommand } from "./helpers/commands.js";
import { bash } from "./helpers/shell.js";

const COMMANDS: readonly Command[] = await Promise.all(LISTED.map(({ load }) => load()));
const completion = completionOf(LISTED);
const scriptFor = async (shell: string): Promise<string> => (await runCommand(completion, shell)).out;

/** Options that a command has as JSON has them: [name, letter, whether it takes an argument]. */
const tableOf = ({ options }: Command) =>
  Object.entries(options).map(([name, { short, type }]) => [name, short, type === "string"]);

describe("options", () => {
  it.each(COMMANDS)("of $name: those parsed are those described", (command) => {
    const described = usageOptions(command).map(({ name, short, argument }) => [name, short, argument !== undefined]);
    expect(described.sort()).toEqual(tableOf(command).sort());
  });

  it.each(COMMANDS)("of $name have words only where they exist", ({ options, choices = {} }) => {
    expect(Object.keys(choices).filter((name) => options[name]?.type !== "string")).toEqual([]);
  });

  it.each(COMMANDS)("of $name are declared as lists where the help calls them so", (command) => {
    const called = usageOptions(command).filter(
      ({ argument = "" }) => argument === "LIST" || argument.endsWith(",..."),
    );
    expect(called.filter(({ name }) => !command.options[name]?.list)).toEqual([]);
  });

  it("are of all commands", () => {
    expect(LISTED.map(({ name }) => name)).toEqual(COMMAND_NAMES);
    expect(COMMANDS.map(({ name }) => name)).toEqual(COMMAND_NAMES);
  });
});

describe("bash", () => {
  /** What bash offers for the last of the words. */
  async function offered(...words: string[]): Promise<string[]> {
    const quoted = words.map((word) => `'${word}'`).join(" ");
    const script = `source <($FCN completion bash)
      COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _fcn; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { code, out } = await bash(script, ".");
    expect(code).toBe(0);
    return out.trim().split("\n");
  }

  it.each([
    [["fcn", "seg"], ["segment"]],
    [["fcn", "help", "do"], ["doctor"]],
    [["fcn", "segment", "--prec"], ["--precision"]],
    [
      ["fcn-webgpu", "segment", "--precision", ""],
      ["f32", "f16", "auto"],
    ],
    [["fcn", "segment", "--precision", "=", "f1"], ["f16"]],
    [["fcn", "segment", "--format", "labels,ov"], ["labels,overlay"]],
    [["fcn", "segment", "--weights", "ph"], ["photos"]],
    [["fcn", "segment", "-o", "scr"], ["scripts"]],
    [
      ["fcn", "bench", ""],
      ["kernels", "models", "all"],
    ],
    [["fcn", "completion", "z"], ["zsh"]],
    [["fcn", "segment", "photo"], [""]], // readline offers files
  ])("completes %j", async (words, expected) => {
    expect(await offered(...words)).toEqual(expected);
  });

  it("completes both names of the program", async () => {
    const { out } = await bash("source <($FCN completion bash); complete -p fcn fcn-webgpu", ".");
    expect(out).toBe("complete -o default -F _fcn fcn\ncomplete -o default -F _fcn fcn-webgpu\n");
  });
});

describe("every shell", () => {
  it.each(["bash", "zsh", "fish"])("%s: the script names every command and option", async (shell) => {
    const script = await scriptFor(shell);
    for (const command of COMMANDS) {
      expect(script).toContain(command.name);
      for (const { name } of usageOptions(command)) expect(script).toMatch(new RegExp(`(--|-l )${name}\\b`));
    }
  });

  it.each(["zsh", "fish"])("%s: quotation marks are balanced on every line", async (shell) => {
    const lines = (await scriptFor(shell)).split("\n");
    const open = lines
      .filter((line) => !line.startsWith("#"))
      .filter((line) => {
        const withoutEscapes = shell === "fish" ? line.replace(/\\['\\]/g, "") : line.replaceAll("'\\''", "");
        return (withoutEscapes.match(/'/g) ?? []).length % 2 === 1;
      });
    expect(open).toEqual([]);
  });

  it("another one is refused", async () => {
    const sentence = "completion: name one of bash, zsh, fish, as in fcn completion bash";
    for (const args of [[], ["tcsh"], ["bash", "zsh"], ["constructor"]])
      await expect(runCommand(completion, ...args)).rejects.toThrow(sentence);
  });
});
