/** The repository as structure tests see it: its files, their text and their imports. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Files that git knows or would add, without fixtures. Paths start at the repository's root. */
export function repositoryFiles(): string[] {
  const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: root, encoding: "utf8" });
  return listed.split("\n").filter((file) => file !== "" && existsSync(join(root, file)));
}

export const isGenerated = (file: string): boolean => file.includes(".generated.");

export const textOf = (file: string): string => readFileSync(join(root, file), "utf8");

/** TypeScript files below `folder`, generated ones left out. */
export const typescriptBelow = (folder: string): string[] =>
  repositoryFiles().filter((file) => file.startsWith(`${folder}/`) && file.endsWith(".ts") && !isGenerated(file));

/** What a file imports: paths from the repository's root for its own files, names for packages. */
export function importsOf(file: string): string[] {
  const specifiers = [...textOf(file).matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(([, to]) => to ?? "");
  return specifiers.map((to) => {
    if (!to.startsWith(".")) return to;
    return relative(root, join(root, dirname(file), to)).replace(/\.js$/, ".ts");
  });
}

/** The codes that FcnError may have, in their order. @throws Error where they are no longer found */
export function errorCodes(): string[] {
  const text = textOf("src/base/errors.ts").replace(/\/\/.*/g, "");
  const [, union = ""] = /export type FcnErrorCode =([\s\S]*?);/.exec(text) ?? [];
  const codes = [...union.matchAll(/"([a-z-]+)"/g)].map(([, code = ""]) => code);
  if (codes.length < 10) throw new Error(`only ${codes.length} error codes were found in src/base/errors.ts`);
  return codes;
}
