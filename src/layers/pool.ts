/** Max pooling, which has no weights. */
import { maxPool2d } from "../../shaders/max-pool2d/kernel.js";
import type { Graph, Value } from "../plan/graph.js";

/** The 3x3 pooling of a ResNet stem, with stride 2 and padding 1: [N, C, H, W] to [N, C, ceil(H / 2), ceil(W / 2)]. */
export function stemPool(graph: Graph, name: string, x: Value): Value {
  return graph.op(name, maxPool2d, { x }, { kernel: 3, stride: 2, padding: 1 }).y;
}
