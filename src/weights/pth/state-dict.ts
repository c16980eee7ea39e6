/**
 * Finds the named tensors in a pickle's value: a state dict by itself, or nested in a training checkpoint beside
 * optimizer, epoch and arguments. Takes off the prefixes that wrappers (DataParallel, torch.compile) put on every name.
 *
 * Not here: prefixes that mean something to a model, such as `backbone.` (names.ts).
 */

import { hasBackbone, severalBackbones } from "../find-backbone.js";
import { badWeights, quote, quoteFirst } from "../source.js";
import { findDicts } from "./find-dicts.js";
import type { NamedTensors } from "./find-dicts.js";
import { Dict, TensorRef } from "./values.js";
import type { PickleValue } from "./values.js";

export interface StateDict extends NamedTensors {
  /** The text taken off every name, e.g. "module.". */
  readonly prefix: string;
}

/** Where training scripts keep the state dict, the likeliest first. */
const KEYS = [
  "state_dict",
  "model",
  "model_state_dict",
  "model_state",
  "net",
  "network",
  "net_state_dict",
  "module",
  "weights",
  "params",
];
const WRAPPERS = ["module.", "_orig_mod."];
/** Names of "module." a million times over must end too. */
const MAX_PREFIX = 64;

/**
 * The one dictionary that holds a ResNet; where none does, the likeliest. `wanted` is a path of keys, joined by dots,
 * and may go on with the start of the names there.
 * @throws bad-weights when there are no named tensors, or several sets of them and no way to tell which is meant
 */
export function findStateDict(root: PickleValue, file: string, wanted?: string): StateDict {
  const found = findDicts(root);
  const state = (wanted === undefined ? undefined : named(found, wanted)) ?? unwrap(choose(root, found, file, wanted));
  if (hasBackbone(state.others)) {
    const count = `${state.others.length} of the ${state.others.length + state.tensors.size} entries of its state dict`;
    const fault = "are no dense tensors, but sparse, quantised or meta tensors, arrays of NumPy or other objects";
    throw badWeights(file, `${count} ${fault} (${quoteFirst(state.others)}); save them as dense float32 tensors`);
  }
  // Programs that keep tensors in plain objects would set a prototype instead.
  if (state.tensors.has("__proto__")) throw badWeights(file, 'the tensor name "__proto__" is refused');
  return state;
}

/** The dictionary with the longest path that `wanted` begins with, if what is left of `wanted` begins a name in it. */
function named(found: readonly NamedTensors[], wanted: string): StateDict | undefined {
  let best: StateDict | undefined;
  let longest = -1;
  for (const candidate of found) {
    const path = candidate.path.join(".");
    if (path.length <= longest || (wanted !== path && !wanted.startsWith(`${path}.`))) continue;
    const state = unwrap(candidate);
    const start = `${wanted.slice(path.length + 1)}.`;
    if (wanted !== path && ![...state.tensors.keys()].some((name) => name.startsWith(start))) continue;
    best = state;
    longest = path.length;
  }
  return best;
}

function choose(
  root: PickleValue,
  found: readonly NamedTensors[],
  file: string,
  wanted: string | undefined,
): NamedTensors {
  const dense = found.filter(({ tensors }) => hasBackbone(tensors.keys()));
  const [only, ...others] = dense.length > 0 ? dense : found.filter((dict) => hasBackbone(dict.others));
  if (only !== undefined && others.length > 0) {
    const all = [only, ...others].map(({ path }) => path.join("."));
    throw badWeights(file, severalBackbones(all, wanted));
  }
  const chosen = only ?? usual(found) ?? (found.length === 1 ? found[0] : undefined);
  if (chosen !== undefined) return chosen;
  if (root instanceof Dict) {
    const keys = root.entries.slice(0, 8).map(([key]) => (typeof key === "string" ? quote(key, 30) : "..."));
    const what = found.length > 0 ? "several dictionaries of tensors" : "no named tensors";
    const shown = keys.join(", ") || "none";
    throw badWeights(file, `it holds ${what} (its keys: ${shown}); save only the state dict of the model`);
  }
  const what = root instanceof TensorRef ? "a single tensor" : "no dictionary";
  const needed = "a state dict of named tensors is needed, as torch.save(model.state_dict(), path) writes it";
  throw badWeights(file, `it holds ${what}; ${needed}`);
}

/** Of those at the top and under the usual keys, the one with the most tensors; the first of equals. */
function usual(found: readonly NamedTensors[]): NamedTensors | undefined {
  let best: NamedTensors | undefined;
  for (const candidate of found) {
    const { tensors, path } = candidate;
    if (!path.every((key) => KEYS.includes(key))) continue;
    const isLarger = tensors.size > (best?.tensors.size ?? 0);
    const isLikelier = tensors.size === best?.tensors.size && rank(path) < rank(best.path);
    if (isLarger || isLikelier) best = candidate;
  }
  return best;
}

/** Compares paths of one depth; deeper ones come later anyway. */
function rank(path: readonly string[]): number {
  return path.reduce((sum, key) => (sum + 1) * KEYS.length + KEYS.indexOf(key), 0);
}

/** Takes off the wrappers' prefixes, one after the other. */
function unwrap({ tensors, others, path }: NamedTensors): StateDict {
  let unwrapped = tensors;
  let prefix = "";
  while (prefix.length <= MAX_PREFIX) {
    const names = [...unwrapped.keys()];
    const wrapper = WRAPPERS.find((text) => names.every((name) => name.length > text.length && name.startsWith(text)));
    if (wrapper === undefined) break;
    prefix += wrapper;
    unwrapped = new Map([...unwrapped].map(([name, tensor]) => [name.slice(wrapper.length), tensor]));
  }
  return { tensors: unwrapped, others, path, prefix };
}
