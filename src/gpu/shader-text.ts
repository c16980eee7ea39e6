/**
 * The text of a shader. In the sources it is at hand. The package keeps the shaders that most pages never run, such as
 * those of software adapters, f16 and tensor cores, in a file of their own (scripts/kernels.mjs): a kernel holds a
 * mark in place of the text, and the file is loaded with the first one.
 */
import { FcnError } from "../base/errors.js";
import { cannotLoad } from "../base/part.js";
import { importRareShaders } from "./import-rare-shaders.js";

/** What stands in place of such a text. */
const MARK = "@@";

/** `file` is the shader's: its kernel's name and its own. @throws no-webgpu when the page cannot load the file */
export async function shaderText(file: string, textOrMark: string): Promise<string> {
  if (textOrMark !== MARK) return textOrMark;
  let texts: Readonly<Record<string, string>>;
  try {
    texts = await importRareShaders();
  } catch (error) {
    throw cannotLoad("rare-shaders.bundle.js", error);
  }
  const text = texts[file];
  if (text === undefined) throw new FcnError("no-webgpu", `rare-shaders.bundle.js has no ${file}; update it`);
  return text;
}
