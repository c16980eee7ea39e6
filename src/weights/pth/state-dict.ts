/**
 * Finds the named tensors in what a pickle held: a state dict by itself, or nested in a training checkpoint beside
 * optimizer, epoch and arguments. Takes off the prefixes that wrappers (DataParallel, torch.compile) put on every name.
 *
 * Not here: prefixes that mean something to a model, such as `backbone.` (names.ts).
 */

import { badWeights, quote } from "../source.js";
import { Dict, Parameter, TensorRef } from "./values.js";
import type { Value } from "./values.js";

export interface StateDict {
  readonly tensors: ReadonlyMap<string, TensorRef>;
  /** Keys that lead to it, e.g. ["model"]; [] at the top. */
  readonly path: readonly string[];
  /** What was taken off every name, e.g. "module.". */
  readonly prefix: string;
}

/** Where training scripts keep it, the likeliest first. */
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
const MAX_DEPTH = 3;

function tensorsOf(dict: Dict): Map<string, TensorRef> {
  const tensors = new Map<string, TensorRef>();
  for (const [key, value] of dict.entries) {
    const tensor = value instanceof Parameter ? value.data : value;
    if (typeof key === "string" && tensor instanceof TensorRef) tensors.set(key, tensor);
  }
  return tensors;
}

function nested(dict: Dict, wanted: (key: string) => boolean): Map<string, Dict> {
  const found = new Map<string, Dict>();
  for (const [key, value] of dict.entries) {
    if (typeof key === "string" && value instanceof Dict && wanted(key)) found.set(key, value);
  }
  return found;
}

type Candidate = Omit<StateDict, "prefix">;

/** Of the dict itself and those under the usual keys, the one with the most tensors; the first of equals. */
function search(dict: Dict, path: readonly string[], visited: Set<Dict>): Candidate {
  visited.add(dict); // a dict may contain itself
  let best: Candidate = { tensors: tensorsOf(dict), path };
  if (path.length === MAX_DEPTH) return best;
  const inside = nested(dict, (key) => KEYS.includes(key));
  for (const key of KEYS) {
    const next = inside.get(key);
    const found = next === undefined || visited.has(next) ? undefined : search(next, [...path, key], visited);
    if (found !== undefined && found.tensors.size > best.tensors.size) best = found;
  }
  return best;
}

function unwrap(found: Candidate): StateDict {
  let { tensors } = found;
  let prefix = "";
  for (let wrapper = WRAPPERS[0]; wrapper !== undefined;) {
    const names = [...tensors.keys()];
    const common = WRAPPERS.find((text) => names.every((name) => name.length > text.length && name.startsWith(text)));
    if (common !== undefined) {
      prefix += common;
      tensors = new Map([...tensors].map(([name, tensor]) => [name.slice(common.length), tensor]));
    }
    wrapper = prefix.length > 64 ? undefined : common; // names of "module." a million times over stop here
  }
  return { tensors, path: found.path, prefix };
}

/** Throws `bad-weights` when there are no named tensors, or several sets of them and no way to tell which is meant. */
export function findStateDict(root: Value, file: string): StateDict {
  if (!(root instanceof Dict)) {
    const what = root instanceof TensorRef ? "a single tensor" : "no dictionary";
    throw badWeights(
      file,
      `it holds ${what}; a state dict of named tensors is needed, as torch.save(model.state_dict(), path) writes it`,
    );
  }
  let found = search(root, [], new Set());
  if (found.tensors.size === 0) {
    const others = [...nested(root, () => true)]
      .map(([key, dict]) => ({ tensors: tensorsOf(dict), path: [key] }))
      .filter(({ tensors }) => tensors.size > 0);
    const [only] = others;
    if (only === undefined || others.length > 1) {
      const keys = root.entries.slice(0, 8).map(([key]) => (typeof key === "string" ? quote(key, 30) : "..."));
      const what = others.length > 1 ? "several dictionaries of tensors" : "no named tensors";
      throw badWeights(
        file,
        `it holds ${what} (its keys: ${keys.join(", ") || "none"}); save only the state dict of the model`,
      );
    }
    found = only;
  }
  const state = unwrap(found);
  // Programs that keep tensors in plain objects would set a prototype instead.
  if (state.tensors.has("__proto__")) throw badWeights(file, 'the tensor name "__proto__" is refused');
  return state;
}
