/** The built command line program, run as a shell runs it. `npm test` makes the build. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { withoutDawnWarnings } from "./run-program.js";

export const PROGRAM = fileURLToPath(new URL("../../dist/bundles/node/fcn.js", import.meta.url));

const TIMEOUT_MS = 200_000;
const MAX_OUTPUT = 2 ** 28;

export interface FcnEnd {
  /** Exit code; null when a signal ended the program, as the time limit does. */
  readonly code: number | null;
  readonly out: string;
  /** stdout as it came. */
  readonly bytes: Buffer;
  /** stderr without Dawn's own warnings. */
  readonly err: string;
}

export interface FcnOptions {
  /** What stdin carries. Default: nothing. */
  readonly input?: Buffer;
  /** Environment variables besides this process's. */
  readonly env?: Readonly<Record<string, string>>;
  /** The script. Default: the build's. */
  readonly program?: string;
}

export function runFcn(
  args: readonly string[],
  { input, env = {}, program = PROGRAM }: FcnOptions = {},
): Promise<FcnEnd> {
  if (!existsSync(program)) throw new Error(`${program} is missing: npm run build (npm test does it)`);
  const options = {
    encoding: "buffer",
    env: { ...process.env, ...env },
    timeout: TIMEOUT_MS,
    maxBuffer: MAX_OUTPUT,
  } as const;
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, ...args], options, (error, bytes, stderr) => {
      const failure = typeof error?.code === "number" ? error.code : null;
      const code = error === null ? 0 : failure;
      resolve({ code, out: bytes.toString(), bytes, err: withoutDawnWarnings(stderr.toString()) });
    });
    child.stdin?.on("error", () => undefined); // a program that does not read its input closes it
    child.stdin?.end(input);
  });
}

/** Runs the program with these arguments. */
export const fcn = (...args: string[]): Promise<FcnEnd> => runFcn(args);

/** Its output as lines of JSON. */
export const jsonLines = <T>(text: string): T[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as T);
