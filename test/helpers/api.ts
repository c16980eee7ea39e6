/** The exports of the package's entries with their docstrings, as the compiler sees them. */
import ts from "typescript";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "./sources.js";

/** The modules of the API reference: one for each entry of package.json. */
const { entryPoints } = JSON.parse(readFileSync(join(root, "typedoc.json"), "utf8")) as {
  entryPoints: readonly string[];
};
export const ENTRY_MODULES: readonly string[] = entryPoints;

const program = ts.createProgram(
  ENTRY_MODULES.map((file) => join(root, file)),
  {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts", "lib.esnext.disposable.d.ts"],
    types: ["node", "@webgpu/types"],
    skipLibCheck: true,
    noEmit: true,
  },
);
const checker = program.getTypeChecker();

export interface Exported {
  readonly name: string;
  /** Entry, relative to the repository: the first that has it. */
  readonly entry: string;
  /** Where it is declared, relative to the repository. */
  readonly file: string;
  readonly kind: "function" | "class" | "other";
  readonly prose: string;
  /** Parameters of a function, and those that a `@param` describes. */
  readonly parameters: readonly string[];
  readonly described: readonly string[];
  /** Its public properties and methods without a docstring. */
  readonly silent: readonly string[];
  /** The texts of its `@throws`, and those of its members. */
  readonly throws: readonly string[];
  readonly examples: readonly string[];
}

const proseOf = (symbol: ts.Symbol): string => ts.displayPartsToString(symbol.getDocumentationComment(checker));

function tagsOf(symbol: ts.Symbol, tag: string): string[] {
  const tags = symbol.getJsDocTags(checker).filter(({ name }) => name === tag);
  return tags.map(({ text }) => ts.displayPartsToString(text));
}

/** Declared in this repository: not by the DOM, Node or ECMAScript. */
const isOurs = (declaration: ts.Declaration): boolean => !/node_modules/.test(declaration.getSourceFile().fileName);

function isPublic(declaration: ts.Declaration): boolean {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  const { name } = declaration as ts.NamedDeclaration;
  return !(name && ts.isPrivateIdentifier(name)) && !(ts.getCombinedModifierFlags(declaration) & hidden);
}

/** Public members of a class or an interface, also inherited ones and static ones. */
function membersOf(symbol: ts.Symbol): ts.Symbol[] {
  if (!(symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface))) return [];
  const instance = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol));
  const statics = [...(symbol.exports?.values() ?? [])].filter(({ name }) => name !== "prototype");
  return [...instance, ...statics].filter(({ declarations = [] }) =>
    declarations.some((declaration) => isOurs(declaration) && isPublic(declaration)),
  );
}

function functionOf(declaration: ts.Declaration | undefined): ts.SignatureDeclaration | undefined {
  if (!declaration) return undefined;
  if (ts.isFunctionDeclaration(declaration)) return declaration;
  const value = ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
  return value && ts.isArrowFunction(value) ? value : undefined;
}

function exportedOf(entry: string, exported: ts.Symbol): Exported {
  const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  const [declaration] = symbol.declarations ?? [];
  const callable = functionOf(declaration);
  const isClass = (symbol.flags & ts.SymbolFlags.Class) !== 0;
  const members = membersOf(symbol);
  return {
    name: exported.name,
    entry,
    file: relative(root, declaration?.getSourceFile().fileName ?? ""),
    kind: callable ? "function" : isClass ? "class" : "other",
    prose: proseOf(symbol),
    parameters: callable ? callable.parameters.map(({ name }) => name.getText()) : [],
    described: tagsOf(symbol, "param").map((text) => text.split(/\s/)[0] ?? ""),
    silent: members.filter((member) => proseOf(member) === "").map(({ name }) => name),
    throws: [symbol, ...members].flatMap((one) => tagsOf(one, "throws")),
    examples: tagsOf(symbol, "example"),
  };
}

/** The exports of one entry, also those that others have. */
export function exportsOf(entry: string): Exported[] {
  const source = program.getSourceFile(join(root, entry));
  const module = source && checker.getSymbolAtLocation(source);
  if (!module) throw new Error(`${entry} is no module`);
  return checker.getExportsOfModule(module).map((one) => exportedOf(entry, one));
}

/** Every export of every entry. What several entries have appears once. */
export const EXPORTS: readonly Exported[] = [
  ...new Map(
    ENTRY_MODULES.flatMap(exportsOf)
      .reverse()
      .map((one) => [`${one.file}#${one.name}`, one]),
  ).values(),
].reverse();
