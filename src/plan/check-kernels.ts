/** Checks `kernels: { conv2d: "naive" }` against graphs, so that wrong names fail before the first picture. */
import { badOption, hasNo } from "../base/errors.js";
import type { VariantChoice } from "../kernel/choice.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Graph } from "./graph.js";

/**
 * A variant that exists but cannot run on the device is left to the plan, which knows the sizes.
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
