/** What every command shares: parsing options, usage errors, and a way to end once everything printed has left. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { ParseArgsConfig } from "node:util";
import { messageOf } from "../base/errors.js";

/** A mistake in how the program was called: one sentence, exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  readonly usage: string;
  /** Runs with the arguments after the command's name; gives the exit code. */
  run(args: readonly string[]): Promise<number>;
}

type Options = NonNullable<ParseArgsConfig["options"]>;

export interface Parsed<O extends Options> {
  readonly values: ReturnType<typeof parseArgs<{ options: O; allowPositionals: true; strict: true }>>["values"];
  readonly positionals: string[];
  /** Names of the options that were written, and not left to their defaults. */
  readonly given: ReadonlySet<string>;
}

/** node:util's parser, with its errors in one sentence. */
export function parse<const O extends Options>(command: string, args: readonly string[], options: O): Parsed<O> {
  try {
    const { values, positionals, tokens } = parseArgs({
      args: [...args],
      options,
      allowPositionals: true,
      strict: true,
      tokens: true,
    });
    return {
      values,
      positionals,
      given: new Set(tokens.flatMap((token) => (token.kind === "option" ? [token.name] : []))),
    };
  } catch (error) {
    const sentence = messageOf(error).split(". ")[0]?.replace(/\.$/, "") ?? "bad arguments";
    throw new UsageError(
      `${command}: ${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}; see fcn ${command} --help`,
    );
  }
}

/** Options that would be ignored are errors: `why` goes on after the option's name. @throws UsageError */
export function refuse(command: string, given: ReadonlySet<string>, names: readonly string[], why: string): void {
  const name = names.find((n) => given.has(n));
  if (name !== undefined) throw new UsageError(`${command}: --${name} ${why}`);
}

/** One of the allowed words. */
export function oneOf<T extends string>(command: string, option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((a) => a === value);
  if (found === undefined) throw new UsageError(`${command}: --${option} ${value} is not one of ${allowed.join(", ")}`);
  return found;
}

/** Dawn keeps the event loop alive, so the program ends explicitly, but not before what it printed has left. */
export async function exit(code: number): Promise<never> {
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise<void>((resolve) => stream.write("", () => resolve()))),
  );
  process.exit(code);
}

export const print = (line: string): void => void process.stdout.write(`${line}\n`);
export const printError = (line: string): void => void process.stderr.write(`${line}\n`);

/** Bytes as they are, once the system has taken them. */
export const printBytes = (bytes: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => process.stdout.write(bytes, (error) => (error ? reject(error) : resolve())));

/** The version in package.json. */
export function packageVersion(): string {
  // The package's own folder, from src/cli in a checkout and from dist/src/cli in a build.
  for (const up of ["../../package.json", "../../../package.json"]) {
    try {
      const { name, version: v } = JSON.parse(readFileSync(new URL(up, import.meta.url), "utf8")) as {
        name: string;
        version: string;
      };
      if (name === "fcn-webgpu") return v;
    } catch {
      // not this one: the build has one folder more than the sources
    }
  }
  return "unknown";
}
