/**
 * The two text edits that are allowed on a shader. The patterns match a shader as written and as published, where
 * spaces that WGSL does not need are removed.
 */
import { FcnError } from "../base/errors.js";

/**
 * Replaces the initialisers of named top-level `const` declarations. Some places in WGSL, such as the size of a
 * register tile, need a const-expression, and an `override` is not one.
 * @throws gpu-error for a name that the shader does not declare
 */
export function withConsts(source: string, consts: Readonly<Record<string, number>> | undefined, file: string): string {
  let text = source;
  for (const [name, value] of Object.entries(consts ?? {})) {
    const pattern = new RegExp(`^(const ${name}: ?[a-z0-9]+ ?= ?)[^;]+;`, "m");
    if (!pattern.test(text)) {
      throw new FcnError("gpu-error", `${file}.wgsl has no top-level "const ${name}: ... = ...;" to set`);
    }
    text = text.replace(pattern, (_, head: string) => `${head}${String(value)};`);
  }
  return text;
}

/**
 * The subgroup-matrix syntax of older Dawn: a bool argument instead of a template argument gives the order of a matrix
 * in memory.
 */
export const withOlderMatrices = (source: string): string =>
  source
    .replace(/(subgroupMatrixLoad<.*), ?row_major>\((.*), ?(\w+)\)/g, "$1>($2, false, $3)")
    .replace(/subgroupMatrixStore<row_major>\((.*), ?(\w+)\)/g, "subgroupMatrixStore($1, false, $2)");
