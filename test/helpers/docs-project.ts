/** The guides' code as files of a project that has the library installed, to be compiled, run and bundled. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { GUIDES, withVariants } from "./docs.js";
import type { Block } from "./docs.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Inside the repository, so that other packages are found. Test files that run at the same time have one each. */
export const PROJECT = join(root, `out/docs-test/${process.pid}`);

export interface Example {
  /** Page and line. */
  readonly title: string;
  readonly text: string;
  /** Its file in the project. */
  readonly path: string;
  /** Needs a browser. */
  readonly browser: boolean;
  /** Needs Deno. */
  readonly deno: boolean;
  /** A part of the kernel that docs/write-a-kernel.md builds. */
  readonly kernel: boolean;
  /** Has a file name, by which other blocks of its page import it. */
  readonly named: boolean;
}

const isCode = ({ language }: Block): boolean => ["ts", "js"].includes(language);
const isAddition = ({ words }: Block): boolean => words.includes("variants");

function exampleOf(file: string, { language, words, text, line }: Block): Example {
  const page = file.replace(/^docs\/|\.md$/g, "");
  const named = words.find((word) => word.includes("."));
  return {
    title: `${file}:${line}`,
    text,
    path: join(PROJECT, page, named ?? `${line}.${language}`),
    browser: words.includes("browser"),
    deno: words.includes("deno"),
    kernel: named?.includes("/") ?? false,
    named: named !== undefined,
  };
}

/** A block with what later blocks of its page add to the same file. */
function withAdditions(block: Block, all: readonly Block[]): Block {
  const additions = all.filter((other) => isAddition(other) && other.words[0] === block.words[0]);
  return { ...block, text: additions.reduce((text, addition) => withVariants(text, addition.text), block.text) };
}

export const EXAMPLES: readonly Example[] = GUIDES.flatMap(({ file, blocks }) => {
  const code = blocks.filter(isCode);
  const own = code.filter((block) => !isAddition(block));
  return own.map((block) => exampleOf(file, withAdditions(block, code)));
});

/** The folder of the kernel that docs/write-a-kernel.md builds. */
export const GUIDE_KERNEL = join(PROJECT, "write-a-kernel/shaders/soft-shrink");

/** The guide's kernel imports the sources and the generated module of shaders by relative paths. */
function writeKernelSurroundings(): void {
  const guide = join(PROJECT, "write-a-kernel");
  symlinkSync(join(root, "src"), join(guide, "src"), "junction");
  const shaders = GUIDES.flatMap(({ blocks }) => blocks).filter(({ language }) => language === "wgsl");
  const texts = Object.fromEntries(
    shaders.map(({ words: [name = ""], text }) => [name.replace(/^.*\/|\.wgsl$/g, ""), text]),
  );
  writeFileSync(
    join(guide, "shaders/wgsl.generated.ts"),
    `export const softShrink: Readonly<Record<string, string>> = ${JSON.stringify(texts)};\n`,
  );
}

/** An empty project that has the library installed. */
export function writeConsumer(): void {
  removeProject();
  mkdirSync(join(PROJECT, "node_modules"), { recursive: true });
  symlinkSync(root, join(PROJECT, "node_modules/fcn-webgpu"), "junction");
}

export function writeProject(): void {
  writeConsumer();
  for (const { path, text, named, browser, kernel } of EXAMPLES) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    if (named && !browser && !kernel) writeFileSync(path.replace(/ts$/, "js"), javascriptOf(text));
  }
  writeKernelSurroundings();
}

export const removeProject = (): void => rmSync(PROJECT, { recursive: true, force: true });

const TYPE_OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleDetection: ts.ModuleDetectionKind.Force,
  lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts", "lib.esnext.disposable.d.ts"],
  types: ["node", "@webgpu/types"],
  typeRoots: [join(root, "node_modules/@types"), join(root, "node_modules")],
  strict: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  noEmit: true,
};

/** What the compiler reports about files of the project, as `FILE:LINE MESSAGE`. */
export function typeErrorsOf(files: readonly string[]): string[] {
  const diagnostics = ts.getPreEmitDiagnostics(ts.createProgram(files, TYPE_OPTIONS));
  return diagnostics.map(({ file, start = 0, messageText }) => {
    const line = (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
    return `${file?.fileName ?? ""}:${line} ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
  });
}

export function javascriptOf(text: string): string {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  return ts.transpileModule(text, { compilerOptions }).outputText;
}

/** Writes an example as JavaScript beside its TypeScript. Returns the path. */
export function writeScript({ path, text }: Example): string {
  const script = `${path}.mjs`;
  writeFileSync(script, javascriptOf(text));
  return script;
}
