/** Command lines in bash, with the built program as `$FCN`: for pipes, redirections and signals. */
import { execFile } from "node:child_process";
import { PROGRAM } from "./fcn.js";
import { withoutDawnWarnings } from "./run-program.js";

export interface ShellEnd {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const TIMEOUT_MS = 200_000;

/** Runs the script in the folder. Each environment variable is a variable of the script. */
export function bash(script: string, cwd: string, env: Readonly<Record<string, string>> = {}): Promise<ShellEnd> {
  const variables = { ...process.env, ...env, FCN: `${process.execPath} ${PROGRAM}` };
  return new Promise((resolve) => {
    const options = { cwd, env: variables, timeout: TIMEOUT_MS };
    execFile("bash", ["-c", script], options, (error, out, err) => {
      const failure = typeof error?.code === "number" ? error.code : -1;
      resolve({ code: error === null ? 0 : failure, out, err: withoutDawnWarnings(err) });
    });
  });
}
