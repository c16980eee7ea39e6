/** Loads the code that explains when it is first asked for. */
import { isFcnError } from "fcn-webgpu";
import { errorText } from "../error-text.js";
import type { Reply } from "../messages.js";
import { served } from "../served.js";
import type { Explanation } from "./explain.js";

/** @returns undefined where it was ended, or lost its device: the page asks again with the next labels */
export async function explained(explanation: Explanation): Promise<Reply | undefined> {
  const { signal } = explanation;
  try {
    const { explain } = await served(import("./explain.js"));
    const found = await explain(explanation);
    return signal.aborted ? undefined : { type: "explained", ...found };
  } catch (error) {
    if (signal.aborted || isFcnError(error, "device-lost")) return undefined;
    return { type: "failed", what: "explain", message: errorText(error) };
  }
}
