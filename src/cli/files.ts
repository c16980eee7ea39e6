/** Files and folders that a command names: checks before any work. */
import { access, constants, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { messageOf } from "../base/errors.js";
import { nativePath } from "../base/native-path.js";
import { whyNotWritten } from "../base/write-whole.js";
import { namedWeights } from "../weights/catalogue.js";
import type { NamedWeights } from "../weights/catalogue.js";
import { misspeltName, namedFile } from "../weights/named-file.js";
import { isUrl } from "../weights/source.js";
import { UsageError } from "./command.js";
import { byteBar } from "./progress.js";
import type { ByteCount } from "./progress.js";
import { makeResultFolder } from "./result-folders.js";

/** A file or folder that is out of reach now, as on a file server that is away. */
export const cannotLook = (command: string, path: string, error: unknown): UsageError =>
  new UsageError(`${command}: ${path} cannot be looked at: ${messageOf(error)}`, { cause: error });

/** What the system says of a path that leads to nothing. */
const MISSING = new Set(["ENOENT", "ENOTDIR"]);

/** @throws UsageError when there is no such file, or when it cannot be looked at now */
async function checkFile(command: string, path: string): Promise<void> {
  const info = await stat(nativePath(path)).catch((error: NodeJS.ErrnoException) => {
    if (!MISSING.has(error.code ?? "")) throw cannotLook(command, path, error);
  });
  if (!info) throw new UsageError(`${command}: there is no file ${path}`);
  if (info.isFIFO())
    throw new UsageError(`${command}: ${path} is not a file but a pipe; write what comes through it into a file`);
  if (!info.isFile()) throw new UsageError(`${command}: ${path} is not a file`);
}

/**
 * For weights that are neither a name nor a URL, before any work. In every command a missing file has exit code 2.
 * @throws UsageError when they are the path of no file, and maybe a misspelt name of weights
 */
export async function checkWeights(command: string, weights: string): Promise<void> {
  if (namedWeights(weights) !== undefined || isUrl(weights)) return;
  const problem = misspeltName(weights);
  if (problem !== undefined) throw new UsageError(`${command}: ${weights}: ${problem}`);
  await checkFile(command, weights);
}

/**
 * The path of weights that have a name. Downloads them, with a bar, where they are not there yet.
 * @throws bad-weights, bad-option
 */
export async function pathOfNamed(weights: NamedWeights): Promise<string> {
  if (weights.sha256 !== undefined) return fileURLToPath(weights.url);
  const bar = byteBar();
  const onProgress = (count: ByteCount): void => bar.show(`downloading ${weights.name}`, count);
  return namedFile(weights, { onProgress }).finally(bar.clear);
}

/** Makes the folder of an option. @throws UsageError when it cannot be written to */
export async function outputFolder(command: string, folder: string, option = "out"): Promise<void> {
  if (folder === "") throw new UsageError(`${command}: --${option} is empty; name a folder`);
  try {
    await makeResultFolder(folder);
    await access(nativePath(folder), constants.W_OK);
  } catch (error) {
    const why = whyNotWritten(error);
    throw new UsageError(`${command}: cannot write to the folder ${folder}: ${why}`, { cause: error });
  }
}
