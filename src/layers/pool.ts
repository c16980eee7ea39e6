/** Max pooling without weights. */
import { maxPool2d } from "../../shaders/max-pool2d/kernel.js";
import type { Graph, Value } from "../plan/graph.js";

/** The 3x3, stride 2, padding 1 pooling of a ResNet stem. */
export function stemPool(graph: Graph, name: string, x: Value): Value {
  return graph.op(name, maxPool2d, { x }, { kernel: 3, stride: 2, padding: 1 }).y;
}
