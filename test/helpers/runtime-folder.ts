/** A runtime directory for browsers, which write into it. In tests that open a device, the variable names src/gpu. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let folder: string | undefined;

/** This process's environment with a runtime directory that goes when the process ends. */
export function browserEnvironment(): Record<string, string> {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), "fcn-runtime-"));
    process.on("exit", () => rmSync(made, { recursive: true, force: true }));
    folder = made;
  }
  const set = Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return { ...(Object.fromEntries(set) as Record<string, string>), XDG_RUNTIME_DIR: folder };
}
