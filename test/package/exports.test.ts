/** The names that users import. A name may be added; one that was published stays, if need be as an alias. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { root } from "../helpers/sources.js";

const ENTRIES: Readonly<Record<string, string>> = {
  ".": "src/index.ts",
  "./node": "src/node.ts",
  "./kernels": "shaders/index.ts",
  "./eval": "src/eval/index.ts",
  "./image": "src/image/index.ts",
  "./train": "src/train/index.ts",
};
const published = JSON.parse(readFileSync(join(root, "test/fixtures/exports.json"), "utf8")) as Record<
  string,
  string[]
>;

const program = ts.createProgram(
  Object.values(ENTRIES).map((file) => join(root, file)),
  {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    types: ["node", "@webgpu/types"],
    skipLibCheck: true,
    noEmit: true,
  },
);

function exportsOf(file: string): string[] {
  const source = program.getSourceFile(join(root, file));
  const checker = program.getTypeChecker();
  const module = source && checker.getSymbolAtLocation(source);
  if (!module) throw new Error(`${file} is no module`);
  return checker.getExportsOfModule(module).map(({ name }) => name);
}

describe("exports", () => {
  it.each(Object.entries(ENTRIES))("of fcn-webgpu, entry %s, are all still there", (entry, file) => {
    const names = new Set(exportsOf(file));
    expect(published[entry]?.length).toBeGreaterThan(0);
    expect(published[entry]?.filter((name) => !names.has(name))).toEqual([]);
  });
});
