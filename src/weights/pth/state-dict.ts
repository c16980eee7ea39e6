/**
 * Finds the named tensors in a pickle's value: a state dict by itself, or nested in a training checkpoint beside
 * optimizer, epoch and arguments. Takes off the prefixes that wrappers (DataParallel, torch.compile) put on every name.
 *
 * Not here: prefixes that mean something to a model, such as `backbone.` (names.ts).
 */

import { badWeights, quote } from "../source.js";
import { Dict, Parameter, TensorRef } from "./values.js";
import type { PickleValue } from "./values.js";

export interface StateDict {
  readonly tensors: ReadonlyMap<string, TensorRef>;
  /** Keys that lead to it, e.g. ["model"]; [] at the top. */
  readonly path: readonly string[];
  /** The text taken off every name, e.g. "module.". */
  readonly prefix: string;
}

type Candidate = Omit<StateDict, "prefix">;

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
const MAX_DEPTH = 3;
/** Names of "module." a million times over must end too. */
const MAX_PREFIX = 64;

/** @throws bad-weights when there are no named tensors, or several sets of them and no way to tell which is meant */
export function findStateDict(root: PickleValue, file: string): StateDict {
  if (!(root instanceof Dict)) {
    const what = root instanceof TensorRef ? "a single tensor" : "no dictionary";
    const needed = "a state dict of named tensors is needed, as torch.save(model.state_dict(), path) writes it";
    throw badWeights(file, `it holds ${what}; ${needed}`);
  }
  const usual = search(root, [], new Set());
  const state = unwrap(usual.tensors.size > 0 ? usual : onlyNested(root, file));
  // Programs that keep tensors in plain objects would set a prototype instead.
  if (state.tensors.has("__proto__")) throw badWeights(file, 'the tensor name "__proto__" is refused');
  return state;
}

/** Of the dict itself and those under the usual keys, the one with the most tensors; the first of equals. */
function search(dict: Dict, path: readonly string[], visited: Set<Dict>): Candidate {
  visited.add(dict); // a dict may contain itself
  let best: Candidate = { tensors: tensorsOf(dict), path };
  if (path.length === MAX_DEPTH) return best;
  const inside = nestedDicts(dict);
  for (const key of KEYS) {
    const next = inside.get(key);
    if (next === undefined || visited.has(next)) continue;
    const found = search(next, [...path, key], visited);
    if (found.tensors.size > best.tensors.size) best = found;
  }
  return best;
}

/** The one nested dict with tensors, under whatever key. @throws bad-weights when there is none or more than one */
function onlyNested(root: Dict, file: string): Candidate {
  const candidates = [...nestedDicts(root)]
    .map(([key, dict]) => ({ tensors: tensorsOf(dict), path: [key] }))
    .filter(({ tensors }) => tensors.size > 0);
  const [only, ...others] = candidates;
  if (only === undefined || others.length > 0) {
    const keys = root.entries.slice(0, 8).map(([key]) => (typeof key === "string" ? quote(key, 30) : "..."));
    const what = others.length > 0 ? "several dictionaries of tensors" : "no named tensors";
    const shown = keys.join(", ") || "none";
    throw badWeights(file, `it holds ${what} (its keys: ${shown}); save only the state dict of the model`);
  }
  return only;
}

function tensorsOf(dict: Dict): Map<string, TensorRef> {
  const tensors = new Map<string, TensorRef>();
  for (const [key, value] of dict.entries) {
    const tensor = value instanceof Parameter ? value.data : value;
    if (typeof key === "string" && tensor instanceof TensorRef) tensors.set(key, tensor);
  }
  return tensors;
}

function nestedDicts(dict: Dict): Map<string, Dict> {
  const found = new Map<string, Dict>();
  for (const [key, value] of dict.entries) if (typeof key === "string" && value instanceof Dict) found.set(key, value);
  return found;
}

/** Takes off the wrappers' prefixes, one after the other. */
function unwrap({ tensors, path }: Candidate): StateDict {
  let unwrapped = tensors;
  let prefix = "";
  while (prefix.length <= MAX_PREFIX) {
    const names = [...unwrapped.keys()];
    const wrapper = WRAPPERS.find((text) => names.every((name) => name.length > text.length && name.startsWith(text)));
    if (wrapper === undefined) break;
    prefix += wrapper;
    unwrapped = new Map([...unwrapped].map(([name, tensor]) => [name.slice(wrapper.length), tensor]));
  }
  return { tensors: unwrapped, path, prefix };
}
