/**
 * The text of a shader. In the sources it is at hand. The package keeps the shaders that most pages never run, such as
 * those of software adapters, f16 and tensor cores, in a file of their own (scripts/kernels.mjs): a kernel holds a
 * reference in place of the text, and the file is loaded with the first one.
 */
import { FcnError } from "../base/errors.js";
import { cannotLoad } from "../base/part.js";
import { importRareShaders } from "./import-rare-shaders.js";

/** What references begin with. No shader does. */
const REFERENCE = "@@";

/** @throws no-webgpu when the page cannot load the file */
export async function shaderText(textOrReference: string): Promise<string> {
  if (!textOrReference.startsWith(REFERENCE)) return textOrReference;
  let texts: Readonly<Record<string, string>>;
  try {
    texts = await importRareShaders();
  } catch (error) {
    throw cannotLoad("rare-shaders.bundle.js", error);
  }
  const text = texts[textOrReference];
  if (text === undefined)
    throw new FcnError("no-webgpu", `rare-shaders.bundle.js has no ${textOrReference}; update it`);
  return text;
}
