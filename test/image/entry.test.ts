/** Every export of fcn-webgpu/image says in its docstring what it does; functions say how, by examples that run. */
import ts from "typescript";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as image from "../../src/image/index.js";
import { printedBy } from "../helpers/docs.js";
import { root } from "../helpers/sources.js";

const ENTRY = join(root, "src/image/index.ts");
const program = ts.createProgram([ENTRY], {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  types: ["node"],
  skipLibCheck: true,
  noEmit: true,
});
const checker = program.getTypeChecker();

interface Documented {
  readonly name: string;
  readonly prose: string;
  readonly isFunction: boolean;
  readonly parameters: readonly string[];
  readonly described: readonly string[];
  /** Its properties without a docstring. */
  readonly silent: readonly string[];
  readonly throws: boolean;
  readonly examples: readonly string[];
}

function documented(exported: ts.Symbol): Documented {
  const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  const [declaration] = symbol.declarations ?? [];
  const tags = symbol.getJsDocTags(checker);
  const texts = (tag: string): string[] =>
    tags.filter(({ name }) => name === tag).map(({ text }) => ts.displayPartsToString(text));
  const isFunction = declaration !== undefined && ts.isFunctionDeclaration(declaration);
  const own = declaration && ts.isInterfaceDeclaration(declaration) ? declaration.members : [];
  const prose = (of: ts.Symbol): string => ts.displayPartsToString(of.getDocumentationComment(checker));
  const members = [...own].flatMap((member) => checker.getSymbolAtLocation(member.name ?? member) ?? []);
  return {
    name: exported.name,
    prose: prose(symbol),
    isFunction,
    parameters: isFunction ? declaration.parameters.map(({ name }) => name.getText()) : [],
    described: texts("param").map((text) => text.split(/\s/)[0] ?? ""),
    silent: members.filter((member) => prose(member) === "").map(({ name }) => name),
    throws: tags.some(({ name }) => name === "throws"),
    examples: texts("example"),
  };
}

const source = program.getSourceFile(ENTRY);
const module = source && checker.getSymbolAtLocation(source);
const exports = module ? checker.getExportsOfModule(module).map(documented) : [];
/** Of fcn-webgpu itself, which this entry passes on. */
const PASSED_ON = ["FcnError", "FcnErrorCode", "isFcnError", "Picture", "RgbaPicture"];
const own = exports.filter(({ name }) => !PASSED_ON.includes(name));
const functions = own.filter(({ isFunction }) => isFunction);

/** Without arguments, nothing can be wrong. */
const CANNOT_FAIL = ["vocPalette"];
/** Described by their types. */
const PLAIN = ["options", "name"];

describe("docstrings of fcn-webgpu/image", () => {
  it("say what every export and every property is", () => {
    expect(own.length).toBeGreaterThan(25);
    expect(own.filter(({ prose }) => prose.length < 20).map(({ name }) => name)).toEqual([]);
    expect(own.filter(({ silent }) => silent.length).map(({ name, silent }) => [name, silent])).toEqual([]);
  });

  it("say what every function takes and throws", () => {
    const silent = functions.flatMap(({ name, parameters, described }) =>
      parameters.filter((one) => !described.includes(one) && !PLAIN.includes(one)).map((one) => `${name}: ${one}`),
    );
    expect(silent).toEqual([]);
    const quiet = functions.filter(({ name, throws }) => !throws && !CANNOT_FAIL.includes(name));
    expect(quiet.map(({ name }) => name)).toEqual([]);
  });

  it("show every function at work", () => {
    expect(functions.filter(({ examples }) => examples.length !== 1).map(({ name }) => name)).toEqual([]);
  });
});

/** Runs an example on the sources. Gives the lines that it prints. */
async function linesOf(example: string): Promise<string[]> {
  const withoutImport = example.replace(
    /^import (\{.*\}) from "fcn-webgpu\/image";$/m,
    (_, names: string) => `const ${names} = image;`,
  );
  const { outputText } = ts.transpileModule(withoutImport, { compilerOptions: { target: ts.ScriptTarget.ES2022 } });
  const lines: string[] = [];
  const log = (...values: unknown[]): void => void lines.push(values.map(String).join(" "));
  const runner = Object.getPrototypeOf(async () => undefined) as { constructor: FunctionConstructor };
  const run = runner.constructor("image", "console", outputText) as (...given: object[]) => Promise<void>;
  await run(image, { log });
  return lines;
}

describe("examples in docstrings", () => {
  it.each(functions)("$name prints what it says", async ({ examples: [example = ""] }) => {
    expect(example).toContain('from "fcn-webgpu/image"');
    const printed = printedBy(example);
    expect(printed.length).toBeGreaterThan(0);
    expect(await linesOf(example)).toEqual(printed);
  });
});
