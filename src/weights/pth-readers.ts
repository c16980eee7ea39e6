/**
 * Loads the readers of .pth files when the first one is opened, so that a page which uses safetensors does not download
 * them. In the package they are one file without imports (scripts/package.mjs): bundlers copy it as an asset, as they
 * do with the weights, and need no code splitting, which workers of Vite do not have by default.
 */
import { messageOf } from "../base/errors.js";
import { importPthReaders } from "./import-pth-readers.js";
import { badWeights } from "./source.js";

type Readers = Awaited<ReturnType<typeof importPthReaders>>;

/** @throws bad-weights when the page cannot load them; `file` is the checkpoint that needs them */
export async function pthReaders(file: string): Promise<Readers> {
  try {
    return await importPthReaders();
  } catch (error) {
    const what = `the reader of .pth files could not be loaded (${messageOf(error)})`;
    throw badWeights(file, `${what}; serve pth-readers.bundle.js beside the page's script, or give safetensors`);
  }
}
