/**
 * The two text edits that are allowed on a shader. Published shaders have no spaces where none are needed.
 */
import { FcnError } from "../base/errors.js";

/**
 * WGSL wants a const-expression where an `override` will not do (the size of a register tile), so a variant may replace the
 * initialiser of a named top-level `const`. An absent name throws.
 */
export function withConsts(source: string, consts: Readonly<Record<string, number>> | undefined, file: string): string {
  let text = source;
  for (const [name, value] of Object.entries(consts ?? {})) {
    const pattern = new RegExp(`^(const ${name}: ?[a-z0-9]+ ?= ?)[^;]+;`, "m");
    if (!pattern.test(text))
      throw new FcnError("gpu-error", `${file}.wgsl has no top-level "const ${name}: ... = ...;" to set`);
    text = text.replace(pattern, (_, head: string) => `${head}${String(value)};`);
  }
  return text;
}

/** Subgroup matrices as older Dawn wants them: the order of a matrix as a bool among the arguments, not in the template. */
export const withOlderMatrices = (source: string): string =>
  source
    .replace(/(subgroupMatrixLoad<.*), ?row_major>\((.*), ?(\w+)\)/g, "$1>($2, false, $3)")
    .replace(/subgroupMatrixStore<row_major>\((.*), ?(\w+)\)/g, "subgroupMatrixStore($1, false, $2)");
