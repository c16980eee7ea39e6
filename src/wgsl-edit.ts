/**
 * The one text edit that is allowed on a shader: WGSL wants a const-expression where an `override` will not do (the size of a
 * register tile), so a variant may replace the initialiser of a named top-level `const`. An absent name throws. Published
 * shaders have no spaces where none are needed.
 */
import { FcnError } from "./errors.js";

export function withConsts(source: string, consts: Readonly<Record<string, number>> | undefined, file: string): string {
  let text = source;
  for (const [name, value] of Object.entries(consts ?? {})) {
    const pattern = new RegExp(`^(const ${name}: ?[a-z0-9]+ ?= ?)[^;]+;`, "m");
    if (!pattern.test(text)) throw new FcnError("gpu-error", `${file}.wgsl has no top-level "const ${name}: ... = ...;" to set`);
    text = text.replace(pattern, (_, head: string) => `${head}${String(value)};`);
  }
  return text;
}
