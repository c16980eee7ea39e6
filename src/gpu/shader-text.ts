/**
 * The text of a shader. In the sources it is at hand. The package keeps the shaders that most pages never run, those of
 * software adapters and of tensor cores, in a file of their own (scripts/package.mjs): a kernel holds a reference in
 * place of the text, and the file is loaded with the first one.
 */
import { FcnError, messageOf } from "../base/errors.js";
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
    throw new FcnError(
      "no-webgpu",
      `the shaders for this adapter could not be loaded (${messageOf(error)}); ` +
        "serve rare-shaders.bundle.js beside the page's script",
      { cause: error },
    );
  }
  const text = texts[textOrReference];
  if (text === undefined)
    throw new FcnError("no-webgpu", `rare-shaders.bundle.js has no ${textOrReference}; update it`);
  return text;
}
