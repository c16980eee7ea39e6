/** Sizes that keep files readable: lines of a file, characters of a line, lines of a function. */
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { isGenerated, repositoryFiles, textOf } from "./helpers/sources.js";

const MAX_FILE_LINES = 250;
const MAX_LINE_CHARACTERS = 120;
const MAX_FUNCTION_LINES = 60;

const isData = (file: string): boolean =>
  file === "docs/kernels.md" || /^(test\/fixtures|weights\/provenance|bench\/results|docs\/bench)\//.test(file);
const files = repositoryFiles().filter(
  (file) => /\.(ts|mjs|js|wgsl|css|html|md)$/.test(file) && !isGenerated(file) && !isData(file),
);

/** Lines that a person wrote: generated parts and unbreakable links are left out. */
function writtenLines(file: string): { readonly line: string; readonly number: number }[] {
  let generated = false;
  return textOf(file)
    .split("\n")
    .map((line, i) => ({ line, number: i + 1 }))
    .filter(({ line }) => {
      if (line.includes("prettier-ignore-start")) generated = true;
      if (line.includes("prettier-ignore-end")) generated = false;
      return !generated && !/^\s*(\/\/|\*|-)?\s*\S*https?:\/\/\S+$/.test(line);
    });
}

/** Suites are lists of tests and may be as long as their file. */
const isSuite = (node: ts.Node): boolean =>
  ts.isCallExpression(node.parent) && /^describe\b/.test(node.parent.expression.getText());

function longFunctions(file: string): string[] {
  const source = ts.createSourceFile(file, textOf(file), ts.ScriptTarget.Latest, true);
  const lineOf = (position: number): number => source.getLineAndCharacterOfPosition(position).line + 1;
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && "body" in node && node.body && !isSuite(node)) {
      const [first, last] = [lineOf(node.getStart()), lineOf(node.getEnd())];
      const lines = last - first + 1;
      if (lines > MAX_FUNCTION_LINES) found.push(`${file}:${first} ${lines} lines`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

describe("readable sizes", () => {
  it(`files have at most ${MAX_FILE_LINES} lines`, () => {
    const sizes = files.map((file) => ({ file, lines: textOf(file).trimEnd().split("\n").length }));
    expect(sizes.filter(({ lines }) => lines > MAX_FILE_LINES)).toEqual([]);
  });

  it(`lines have at most ${MAX_LINE_CHARACTERS} characters`, () => {
    const long = files.flatMap((file) =>
      writtenLines(file)
        .filter(({ line }) => line.length > MAX_LINE_CHARACTERS)
        .map(({ number, line }) => `${file}:${number} ${line.length}`),
    );
    expect(long).toEqual([]);
  });

  it(`functions have at most ${MAX_FUNCTION_LINES} lines`, () => {
    expect(files.filter((file) => /\.(ts|mjs|js)$/.test(file)).flatMap(longFunctions)).toEqual([]);
  });
});
