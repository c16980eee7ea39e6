/** The dictionaries of tensors in a pickle's value, however deep in dicts, lists and tuples. Each is visited once. */

import { hasBackbone } from "../find-backbone.js";
import { Dict, Opaque, Parameter, Sequence, TensorRef } from "./values.js";
import type { PickleValue } from "./values.js";

/** A dictionary that holds tensors by name. */
export interface NamedTensors {
  readonly tensors: ReadonlyMap<string, TensorRef>;
  /** Names of entries that are tensors or arrays of another kind than dense ones, or other objects. */
  readonly others: readonly string[];
  /** Keys and positions that lead to it, e.g. ["model"]; [] at the top. */
  readonly path: readonly string[];
}

const MAX_DEPTH = 5;

/** Nearest to the top first. The same dictionary under several keys comes once, under its first. */
export function findDicts(root: PickleValue): NamedTensors[] {
  const found: NamedTensors[] = [];
  const visited = new Set<PickleValue>([root]); // a dict may contain itself
  let level: (readonly [PickleValue, readonly string[]])[] = [[root, []]];
  for (let depth = 0; depth <= MAX_DEPTH && level.length > 0; depth++) {
    const next: typeof level = [];
    for (const [value, path] of level) {
      if (value instanceof Dict) {
        const tensors = tensorsOf(value);
        const others = othersOf(value);
        if (tensors.size > 0 || hasBackbone(others)) found.push({ tensors, others, path });
      }
      for (const [key, member] of membersOf(value)) {
        if (visited.has(member) || !(member instanceof Dict || member instanceof Sequence)) continue;
        visited.add(member);
        next.push([member, [...path, String(key)]]);
      }
    }
    level = next;
  }
  return found;
}

/** Values by key or position. */
function* membersOf(value: PickleValue): Iterable<readonly [string | number, PickleValue]> {
  if (value instanceof Sequence) yield* value.items.entries();
  if (!(value instanceof Dict)) return;
  for (const [key, member] of value.entries) {
    if (typeof key === "string" || typeof key === "number") yield [key, member];
  }
}

/** Names of the dict's opaque values. */
function othersOf(dict: Dict): string[] {
  const names: string[] = [];
  for (const [key, value] of dict.entries) {
    const isOther = value instanceof Opaque || (value instanceof Parameter && value.data === undefined);
    if (typeof key === "string" && isOther) names.push(key);
  }
  return names;
}

/** The tensors of the dict itself, by name. */
function tensorsOf(dict: Dict): Map<string, TensorRef> {
  const tensors = new Map<string, TensorRef>();
  for (const [key, value] of dict.entries) {
    const tensor = value instanceof Parameter ? value.data : value;
    if (typeof key === "string" && tensor instanceof TensorRef) tensors.set(key, tensor);
  }
  return tensors;
}
