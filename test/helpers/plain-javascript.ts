/**
 * The sources as plain JavaScript in a folder of their own, for tests that measure a process of its own: types are only
 * taken away, file by file, from an entry along its imports, which needs no build and takes a second.
 */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Writes `entries` (as `src/weights/open.ts`) and all they import under `folder`, with package.json and node_modules. */
export function writePlainJavaScript(folder: string, entries: readonly string[]): void {
  const queue = entries.map((entry) => join(ROOT, entry));
  const seen = new Set(queue);
  for (const path of queue) {
    const { outputText } = ts.transpileModule(readFileSync(path, "utf8"), {
      fileName: path,
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
    });
    const target = join(folder, relative(ROOT, path)).replace(/\.ts$/, ".js");
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, outputText);
    for (const { fileName } of ts.preProcessFile(outputText).importedFiles) {
      const source = join(dirname(path), fileName).replace(/\.js$/, ".ts");
      if (!fileName.startsWith(".") || seen.has(source)) continue;
      seen.add(source);
      queue.push(source);
    }
  }
  writeFileSync(join(folder, "package.json"), readFileSync(join(ROOT, "package.json")));
  if (!existsSync(join(folder, "node_modules"))) symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
}
