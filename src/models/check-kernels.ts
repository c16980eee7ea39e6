/** Checks `kernels: { conv2d: "naive" }` when a model is loaded, so that wrong names fail before the first picture. */
import { badOption, hasNo } from "../base/errors.js";
import type { VariantChoice } from "../kernel/choice.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Graph } from "../plan/graph.js";
import { outputGraph } from "./output-graph.js";
import type { PreparedNetwork } from "./output-graph.js";

/** Height and width of a picture whose graph shows which kernels a network uses. Any small size would do. */
export const PROBE_SIDE = 61;

/**
 * A variant that exists but cannot run on the device is left to the first plan, which knows the sizes.
 * @throws bad-option for a kernel that none of the graphs uses, and for a variant that the kernel does not have
 */
export function checkKernels(graphs: readonly Graph[], chosen: VariantChoice): void {
  const used = new Map<string, Kernel>();
  for (const { kernel } of graphs.flatMap(({ nodes }) => nodes)) used.set(kernel.name, kernel);
  for (const [name, variant] of Object.entries<string | undefined>(chosen)) {
    const kernel = used.get(name);
    if (!kernel) throw badOption(`kernels: ${hasNo("the network", "kernel", name, used.keys())}`);
    if (variant !== undefined && !Object.hasOwn(kernel.variants, variant)) {
      throw badOption(`kernels: ${hasNo(name, "variant", String(variant), Object.keys(kernel.variants))}`);
    }
  }
}

/** Graphs that together use every kernel of a network: with and without a resize, for labels and for scores. */
export function probeGraphs(prepared: PreparedNetwork): Graph[] {
  // A picture that has the network's size already would not show the kernel that resizes.
  const side = prepared.resize === PROBE_SIDE ? PROBE_SIDE + 1 : PROBE_SIDE;
  const size = { count: 1, height: side, width: side };
  return ([prepared.resize, "none"] as const).flatMap((resize) =>
    (["labels", "probabilities"] as const).map((kind) => outputGraph({ ...prepared, resize }, { kind, ...size })),
  );
}
