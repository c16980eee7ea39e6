/** A copy of the repository in a temporary folder, for tests that change sources. It shares node_modules. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { withoutDawnWarnings } from "./run-program.js";
import { repositoryFiles, root } from "./sources.js";

export interface RepositoryCopy {
  readonly folder: string;
  read(file: string): string;
  /** Creates missing folders. */
  write(file: string, text: string): void;
  remove(file: string): void;
  /** Runs a command line of the shell in the copy's folder, with its output in one text. */
  run(command: string): { readonly status: number; readonly output: string };
  dispose(): void;
}

/** Leaves out what no build or check reads. */
const isNeeded = (file: string): boolean => !/^(docs\/(figures|bench)|test\/fixtures|weights\/provenance)\//.test(file);

export function copyRepository(): RepositoryCopy {
  const folder = mkdtempSync(join(tmpdir(), "fcn-copy-"));
  const path = (file: string): string => join(folder, file);
  for (const file of repositoryFiles().filter(isNeeded)) cpSync(join(root, file), path(file));
  symlinkSync(join(root, "node_modules"), path("node_modules"), "junction");
  return {
    folder,
    read: (file) => readFileSync(path(file), "utf8"),
    write(file, text) {
      mkdirSync(dirname(path(file)), { recursive: true });
      writeFileSync(path(file), text);
    },
    remove: (file) => rmSync(path(file)),
    run(command) {
      const options = {
        cwd: folder,
        encoding: "utf8",
        shell: true,
        env: { ...process.env, VITEST: undefined },
      } as const;
      const { status, stdout, stderr } = spawnSync(command, options);
      return { status: status ?? 1, output: withoutDawnWarnings(`${stdout}${stderr}`) };
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}
