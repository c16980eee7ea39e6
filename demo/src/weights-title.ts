/** How weights are called, and told from each other. */
import type { ChosenWeights } from "./messages.js";

/** The name of weights in messages; undefined for those that ship. */
export function weightsTitle(weights: ChosenWeights): string | undefined {
  if (weights.kind === "built-in") return undefined;
  if (weights.kind === "file") return weights.file.name;
  const name = weights.address.split(/[?#]/)[0]?.split("/").at(-1);
  return name === "" ? weights.address : name;
}

/** The same for the same weights, also where they were sent to the worker and back. Two files may have one name. */
export function weightsKey(weights: ChosenWeights): string {
  if (weights.kind === "built-in") return "built-in";
  if (weights.kind === "address") return `address/${encodeURIComponent(weights.address)}`;
  const { name, size, lastModified } = weights.file;
  return `${encodeURIComponent(name)}/${size}/${lastModified}`;
}
