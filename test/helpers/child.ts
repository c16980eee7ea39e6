/**
 * Scripts in a Node process of their own, for what only a process shows: whether it ends, how much memory it takes,
 * what it does without a driver. They import the library from its sources without types; no build is needed.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { writePlainJavaScript } from "./plain-javascript.js";

export interface Ended {
  /** Exit code. Undefined when a signal ended the process, as the time limit does. */
  readonly code: number | undefined;
  readonly out: string;
  readonly err: string;
}

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  /** Seconds after which the process is killed (default 200). */
  readonly limit?: number;
}

/**
 * `run(source)` runs a module that lies beside `./src/node.js` and other `entries`. The folder is removed when the test
 * file ends.
 */
export function useChild(entries: readonly string[] = []): (source: string, options?: ChildOptions) => Promise<Ended> {
  let folder: string | undefined;
  let scripts = 0;
  afterAll(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });
  return (source, options = {}) => {
    folder ??= makeFolder(entries);
    const script = join(folder, `script-${scripts}.mjs`);
    scripts++;
    writeFileSync(script, source);
    return runScript(script, options);
  };
}

function makeFolder(entries: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "fcn-child-"));
  writePlainJavaScript(folder, ["src/node.ts", ...entries]);
  symlinkSync(fileURLToPath(new URL("../../weights", import.meta.url)), join(folder, "weights"));
  return folder;
}

function runScript(script: string, { env = {}, flags = [], limit = 200 }: ChildOptions): Promise<Ended> {
  const options = { env: { ...process.env, ...env }, timeout: limit * 1000, killSignal: "SIGKILL" } as const;
  return new Promise((resolve) => {
    execFile(process.execPath, [...flags, script], options, (error, out, err) => {
      const code = error === null ? 0 : error.code;
      resolve({ code: typeof code === "number" ? code : undefined, out, err });
    });
  });
}
