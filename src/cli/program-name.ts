/** The name that the user typed: the package installs the program as `fcn` and as `fcn-webgpu`. */
import { basename } from "node:path";

const SHORT = "fcn";
const LONG = "fcn-webgpu";
export const PROGRAM_NAMES = [SHORT, LONG] as const;

/** The commands, as help lists them. */
export const COMMAND_NAMES = [
  "segment",
  "list",
  "status",
  "compare",
  "train",
  "bench",
  "demo",
  "inspect",
  "import",
  "weights",
  "tune",
  "doctor",
  "completion",
] as const;
export type CommandName = (typeof COMMAND_NAMES)[number];

/** The name in `process.argv[1]`: npm's links keep it. Any other script, as in a checkout, is `fcn`. */
export function programName(script = process.argv[1] ?? ""): string {
  return basename(script).replace(/\.(cmd|exe|ps1)$/i, "") === LONG ? LONG : SHORT;
}

/** Where `fcn` means the program: before a command, an option or a colon, and not within a path. */
const MENTIONS = new RegExp(
  `(?<![\\w./\\\\-])${SHORT}(?=:| (?:${COMMAND_NAMES.join("|")}|help|COMMAND|--)\\b| --)`,
  "g",
);

/** The text of a message, with the name that was typed. */
export const withTypedName = (text: string, name = programName()): string =>
  name === SHORT ? text : text.replace(MENTIONS, name);
