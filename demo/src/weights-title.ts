/** How weights are called. */
import type { ChosenWeights } from "./messages.js";

/** The name of weights in messages; undefined for those that ship. */
export function weightsTitle(weights: ChosenWeights): string | undefined {
  if (weights.kind === "built-in") return undefined;
  if (weights.kind === "file") return weights.file.name;
  return weights.address.split(/[?#]/)[0]?.split("/").at(-1) ?? weights.address;
}
