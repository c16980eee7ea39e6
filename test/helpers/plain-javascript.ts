/**
 * The sources as plain JavaScript in a folder of their own, for tests that measure a separate process. Only types are
 * removed, file by file, from an entry along its imports: no build is needed, and it takes a second.
 */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { root } from "./sources.js";

const COMPILER_OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
};

/**
 * Writes `entries` and all their imports to `folder`, with package.json and node_modules.
 * @param entries such as `src/weights/open.ts`
 */
export function writePlainJavaScript(folder: string, entries: readonly string[]): void {
  const queue = entries.map((entry) => join(root, entry));
  const seen = new Set(queue);
  for (const path of queue) {
    const source = readFileSync(path, "utf8");
    const { outputText } = ts.transpileModule(source, { fileName: path, compilerOptions: COMPILER_OPTIONS });
    const target = join(folder, relative(root, path)).replace(/\.ts$/, ".js");
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, outputText);
    for (const { fileName } of ts.preProcessFile(outputText).importedFiles) {
      const imported = join(dirname(path), fileName).replace(/\.js$/, ".ts");
      if (!fileName.startsWith(".") || seen.has(imported)) continue;
      seen.add(imported);
      queue.push(imported);
    }
  }
  writeFileSync(join(folder, "package.json"), readFileSync(join(root, "package.json")));
  const modules = join(folder, "node_modules");
  if (!existsSync(modules)) symlinkSync(join(root, "node_modules"), modules);
}
