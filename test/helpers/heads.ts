/** Networks cut into a backbone and heads in memory. */
import { hashedTensor } from "../../bench/hashed-weights.js";
import type { HashedTensor } from "../../bench/hashed-weights.js";
import type { HostTensors } from "../../src/models/head-weights.js";

/** Tensors by name whose values are hashed from the name and `salt`. */
export function namedTensors(specs: readonly HashedTensor[], salt = ""): HostTensors {
  const entries = specs.map(({ name, shape }) => [name, { shape, data: hashedTensor(salt + name, shape) }] as const);
  return Object.fromEntries(entries);
}

/** Those tensors whose names begin with `prefix`, without it. */
export function below(tensors: HostTensors, prefix: string): HostTensors {
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

/** Those tensors whose names match. */
export function matching(tensors: HostTensors, pattern: RegExp): HostTensors {
  return Object.fromEntries(Object.entries(tensors).filter(([name]) => pattern.test(name)));
}
