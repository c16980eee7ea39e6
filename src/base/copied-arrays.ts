import { typeName } from "./options.js";

/** Objects within heads, the deepest that callers give: networks, tensors, shapes and values. */
const DEPTH = 3;

/**
 * An object with copies of its arrays, because callers use them again: heads, options, attributes. Whatever else it
 * holds stays for the checks.
 */
export function copiedArrays<T>(value: T, depth = DEPTH): T {
  if (Array.isArray(value) || typeName(value) === "Float32Array") return (value as { slice(): T } & T).slice();
  if (typeName(value) !== "Object" || depth === 0) return value;
  const copies = Object.entries(value as object).map(([key, part]) => [key, copiedArrays(part as unknown, depth - 1)]);
  return Object.fromEntries(copies) as T;
}
