/** Shaders as text: what their top level declares. */
import { readShaders } from "../../scripts/kernels.mjs";

/** `conv2d/naive` to its text. */
export const shaders: Readonly<Record<string, string>> = readShaders();

export function shaderText(name: string): string {
  const text = shaders[name];
  if (text === undefined) throw new Error(`there is no shader ${name}`);
  return text;
}

const withoutComments = (text: string): string => text.replace(/\/\/.*/g, "");

/** The text without white space and without the commas that may end a list. */
const condensed = (text: string): string => text.replace(/\s+/g, "").replace(/,(?=[)}])/g, "");

export interface Declaration {
  readonly shader: string;
  /** The declared name. Where its text mentions an alias, also the type that the alias stands for. */
  readonly name: string;
  /** Without comments and white space. */
  readonly text: string;
}

/** Every shader has these, each its own. */
const OWN = ["main", "Params"];

/** Functions and structs at the top level that other shaders may declare as well. */
export function sharedDeclarations(shader: string): Declaration[] {
  const source = withoutComments(shaderText(shader));
  const aliases = [...source.matchAll(/^alias (\w+) = (.+);/gm)];
  const found = [...source.matchAll(/^(?:fn|struct) (\w+)[\s\S]*?^\}/gm)].filter(
    ([, name = ""]) => !OWN.includes(name),
  );
  return found.map(([text, name = ""]) => {
    const mentioned = aliases.filter(([, alias = ""]) => new RegExp(`\\b${alias}\\b`).test(text));
    const types = mentioned.map(([, alias, type]) => ` (${alias} = ${type})`);
    return { shader, name: name + types.join(""), text: condensed(text) };
  });
}

/** The text without its head comment, `alias Stored` and the functions `load` and `store`, each with its comment. */
export const withoutStorage = (text: string): string =>
  text
    .replace(/^(\/\/.*\n)+/, "")
    .replace(/^(\/\/.*\n)*alias Stored = .+;\n\n/m, "")
    .replace(/^(\/\/.*\n)*fn (load|store)\([\s\S]*?^\}\n\n/gm, "");
