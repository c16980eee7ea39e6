/** Parts of the package that a page loads when it needs them (scripts/asset-modules.mjs). */
import { FcnError, messageOf } from "./errors.js";

/** The error of a page that cannot load a part. */
export const cannotLoad = (file: string, error: unknown): FcnError =>
  new FcnError("no-webgpu", `${file} could not be loaded (${messageOf(error)}); serve it beside the page's script`, {
    cause: error,
  });
