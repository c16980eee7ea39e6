/** Runs a program to its end and collects what it prints. */
import { execFile } from "node:child_process";
import type { ExecFileException } from "node:child_process";

export interface Ran {
  /** The exit code; 1 where a signal ended the program or it could not start. */
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly shell?: boolean;
  /** The program is killed after this time. */
  readonly timeoutMs: number;
  /** The program is ended when stderr has this: some wait for others. */
  readonly endsAt?: RegExp;
}

/** Dawn prints two warnings of its own on some drivers. */
export const withoutDawnWarnings = (text: string): string => text.replace(/^Warning: maxDynamic.*\n/gm, "");

const MAX_OUTPUT_BYTES = 1 << 26;

function exitCode(error: ExecFileException | null): number {
  if (error === null) return 0;
  return typeof error.code === "number" ? error.code : 1;
}

export function runProgram(program: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  const { cwd, env = process.env, shell = false, timeoutMs, endsAt } = options;
  return new Promise((resolve) => {
    const child = execFile(
      program,
      [...args],
      { cwd, env, shell, timeout: timeoutMs, maxBuffer: MAX_OUTPUT_BYTES },
      (error, out, err) => resolve({ code: exitCode(error), out, err: withoutDawnWarnings(err) }),
    );
    let said = "";
    child.stderr?.on("data", (text: string) => {
      said += text;
      if (endsAt?.test(said)) child.kill();
    });
  });
}
