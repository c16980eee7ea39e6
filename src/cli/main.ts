#!/usr/bin/env node
/**
 * The program: finds the command, runs it, and turns errors into one sentence and an exit code. 1 means failed, 2
 * called wrongly.
 */
import { FcnError, messageOf } from "../base/errors.js";
import { cutInMiddle } from "../base/printable.js";
import { textTable } from "../base/text-table.js";
import { commandLine } from "./arguments.js";
import { UsageError, closestWord, packageVersion } from "./command.js";
import type { Command } from "./command.js";
import { COMMANDS } from "./command-list.js";
import { TRY_AGAIN, isPassing } from "./exit-codes.js";
import { OutputClosed, exit, keepGoingWithoutReaders, oneLine, print, printError } from "./output.js";
import { withTypedName } from "./program-name.js";
import { removeEmptyFolders } from "./result-folders.js";
import { endOnSignals } from "./signals.js";
import { nameWorkingFolder } from "./working-folder.js";

function help(): string {
  const rows = COMMANDS.map(({ name, summary }) => [name, summary]);
  return [
    "fcn: semantic segmentation with fully convolutional networks on WebGPU",
    "",
    textTable(rows, { align: ["left"], indent: "  " }),
    "",
    "fcn help COMMAND shows a command's options; so does --help after COMMAND.",
    "fcn --version, or -V, shows the version. Nothing is printed in colours.",
    "",
    "Exit codes: 0 done; 1 failed, in part or as a whole, with a sentence on stderr;",
    "2 called wrongly, nothing done; 75 another run may do more (lost device, full",
    "disk, network away); 129, 130, 143 ended by SIGHUP, SIGINT, SIGTERM.",
    "A reader that closes the pipe (fcn ... | head) is no failure.",
  ].join("\n");
}

/** @throws UsageError for a word that is not a command */
async function commandOf(name: string): Promise<Command> {
  const command = COMMANDS.find((c) => c.name === name);
  if (command) return command.load();
  const names = COMMANDS.map((c) => c.name);
  const near = closestWord(name, names);
  const closest = near === undefined ? "" : `; the closest is ${near}`;
  throw new UsageError(`there is no command "${name}"; there is ${names.join(", ")}${closest}`);
}

const printHelp = (text: string): void => print(withTypedName(text));

/** `fcn help`, `fcn help COMMAND`. @throws UsageError */
async function showHelp([name, ...more]: readonly string[]): Promise<number> {
  if (more.length > 0) throw new UsageError("help: name one command, as in fcn help segment");
  printHelp(name === undefined || name === "help" ? help() : (await commandOf(name)).usage);
  return 0;
}

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined) {
    printHelp(help());
    return 2;
  }
  if (name === "help") return showHelp(rest.filter((word) => word !== "--help" && word !== "-h"));
  if (name === "--help" || name === "-h") return showHelp([]);
  if (name === "--version" || name === "-V" || name === "-v") {
    print(packageVersion());
    return 0;
  }
  const command = await commandOf(name);
  const options = rest.slice(0, rest.includes("--") ? rest.indexOf("--") : rest.length);
  if (options.includes("--help") || options.includes("-h")) return showHelp([name]);
  return command.run(rest).catch((error: unknown) => report(error, command));
}

/** More than any sentence has. A name from a file may have any length. */
const LONGEST_MESSAGE = 3000;

/** Prints the error and gives the exit code. */
function report(error: unknown, command?: Command): number {
  if (error instanceof OutputClosed) return 0; // exit() says what is to be said
  const isSentence = error instanceof FcnError || error instanceof UsageError;
  const message = cutInMiddle(messageOf(error), LONGEST_MESSAGE);
  printError(`fcn: ${isSentence ? oneLine(message) : message}`);
  // A typed error is a complete sentence. Anything else is a bug, whose report needs the stack.
  if (!isSentence && error instanceof Error && error.stack) printError(error.stack);
  if (command?.resumes && isPassing(error)) return TRY_AGAIN;
  return error instanceof UsageError ? 2 : 1;
}

keepGoingWithoutReaders();
endOnSignals();
nameWorkingFolder();
main(commandLine())
  .catch((error: unknown) => report(error))
  .then(async (code) => {
    if (code !== 0) await removeEmptyFolders(); // also where the only picture failed
    return exit(code);
  })
  .catch(() => process.exit(1));
