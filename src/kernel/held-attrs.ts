import type { Attrs, Pair } from "./problem.js";

/** Attributes with copies of their pairs, because callers use their arrays again. */
export const heldAttrs = (attrs: Attrs): Attrs =>
  Object.fromEntries(
    Object.entries(attrs).map(([key, value]) => [key, Array.isArray(value) ? ([...value] as unknown as Pair) : value]),
  );
