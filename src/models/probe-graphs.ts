/** Graphs by which names of kernels are checked when a model is loaded, before the first picture. */
import type { Graph } from "../plan/graph.js";
import { outputGraph } from "./output-graph.js";
import type { PreparedNetwork } from "./output-graph.js";

/** Height and width of a picture whose graph shows which kernels a network uses. Any small size would do. */
export const PROBE_SIDE = 61;

/** Graphs that together use every kernel of a network: with and without a resize, for labels and for scores. */
export function probeGraphs(prepared: PreparedNetwork): Graph[] {
  // A picture that has the network's size already would not show the kernel that resizes.
  const side = prepared.resize === PROBE_SIDE ? PROBE_SIDE + 1 : PROBE_SIDE;
  const size = { count: 1, height: side, width: side };
  return ([prepared.resize, "none"] as const).flatMap((resize) =>
    (["labels", "probabilities"] as const).map((kind) => outputGraph({ ...prepared, resize }, { kind, ...size })),
  );
}
