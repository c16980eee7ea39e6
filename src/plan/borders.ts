/**
 * Which values of a graph get a border of zeros: those whose readers run faster with one, where the producer can write
 * it and every reader can skip it. Then the border costs memory only.
 */
import { mayHaveBorder, wantedBorders } from "../kernel/border-rules.js";
import { baseOf } from "../kernel/border.js";
import { layoutOf } from "../kernel/choice.js";
import type { AnyVariant } from "../kernel/variant.js";
import type { Graph, Node, Value } from "./graph.js";

/** A node and the variant that runs it. */
export interface ChosenNode {
  readonly node: Node;
  readonly variantName: string;
  readonly variant: AnyVariant;
}

/** Widths by value; values without a border are not in the map. */
export function valueBorders(graph: Graph, chosen: readonly ChosenNode[]): ReadonlyMap<Value, number> {
  const borders = new Map<Value, number>();
  const layoutsWritten = new Map<Value, string>();
  for (const { node, variant } of chosen) {
    for (const [key, value] of Object.entries(node.outputs)) {
      if (mayHaveBorder(variant, key)) layoutsWritten.set(value, baseOf(layoutOf(node.kernel, variant, key)));
    }
  }
  for (const { value } of graph.outputs.values()) layoutsWritten.delete(value);
  for (const { node, variant } of chosen) {
    const wanted = wantedBorders(variant, node.problem);
    for (const [key, value] of Object.entries(node.tensors)) {
      const readsIt = mayHaveBorder(variant, key) && layoutOf(node.kernel, variant, key) === layoutsWritten.get(value);
      if (!readsIt) layoutsWritten.delete(value);
      const width = wanted[key] ?? 0;
      if (width > (borders.get(value) ?? 0)) borders.set(value, width);
    }
  }
  for (const value of [...borders.keys()]) if (!layoutsWritten.has(value)) borders.delete(value);
  return borders;
}
