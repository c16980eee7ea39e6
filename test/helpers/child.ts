/**
 * Scripts in a Node process of their own, which import the library from its sources (types taken away, no build needed): for
 * what only a whole process shows, such as whether it ends, how much memory it takes, and what it does without a driver.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { writePlainJavaScript } from "./plain-javascript.js";

export interface Ended {
  /** Exit code; undefined when a signal ended it, as the time limit does. */
  readonly code: number | undefined;
  readonly out: string;
  readonly err: string;
  readonly seconds: number;
}

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  /** After so many seconds the process is killed. */
  readonly limit?: number;
}

/** `run(source)` runs a module beside `./src/node.js`. The folder goes when the test file ends. */
export function useChild(): (source: string, options?: ChildOptions) => Promise<Ended> {
  let folder: string | undefined;
  let count = 0;
  afterAll(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });
  return (source, { env = {}, flags = [], limit = 60 } = {}) => {
    if (folder === undefined) {
      folder = mkdtempSync(join(tmpdir(), "fcn-child-"));
      writePlainJavaScript(folder, ["src/node.ts"]);
      symlinkSync(fileURLToPath(new URL("../../weights", import.meta.url)), join(folder, "weights"));
    }
    const script = join(folder, `script-${count++}.mjs`);
    writeFileSync(script, source);
    const start = performance.now();
    return new Promise((resolve) => {
      const ended = (error: Error | null, out: string, err: string): void => {
        const code = error === null ? 0 : (error as { code?: unknown }).code;
        resolve({
          code: typeof code === "number" ? code : undefined,
          out,
          err,
          seconds: (performance.now() - start) / 1000,
        });
      };
      execFile(
        process.execPath,
        [...flags, script],
        { env: { ...process.env, ...env }, timeout: limit * 1000, killSignal: "SIGKILL" },
        ended,
      );
    });
  };
}
