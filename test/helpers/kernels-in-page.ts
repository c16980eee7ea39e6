/** Runs in a browser: the kernels' cases and references, as test/kernels.test.ts runs them in Node. */
import { registry } from "../../shaders/index.js";
import { requestDevice } from "../../src/gpu/request-device.js";
import type { Device } from "../../src/gpu/device.js";
import { pipelinesOf } from "../../src/gpu/pipelines.js";
import { offersVariant, usableVariants } from "../../src/kernel/choice.js";
import { makeProblem } from "../../src/kernel/kernel.js";
import type { RegistryEntry } from "../../src/kernel/registry.js";
import { verify } from "./verify-kernel.js";

export interface KernelsInPage {
  /** Name of the adapter, and the variants it offers, by kernel. */
  open(): Promise<{ readonly adapter: string; readonly offered: Readonly<Record<string, readonly string[]>> }>;
  /** Every variant that can run on this case: the largest difference, or what failed. */
  run(
    kernel: string,
    test: string,
  ): Promise<Readonly<Record<string, { readonly worst: number } | { readonly failure: string }>>>;
}

let device: Device | undefined;

function find(kernel: string): RegistryEntry {
  const entry = registry.find((one) => one.kernel.name === kernel);
  if (!entry) throw new Error(`no kernel ${kernel}`);
  return entry;
}

const kernels: KernelsInPage = {
  async open() {
    device = await requestDevice();
    const own = device;
    const offered = registry.map(
      ({ kernel }) =>
        [
          kernel.name,
          Object.keys(kernel.variants).filter((name) =>
            offersVariant(kernel.variants[name] as (typeof kernel.variants)[string], own),
          ),
        ] as const,
    );
    return { adapter: device.label, offered: Object.fromEntries(offered) };
  },
  async run(kernel, name) {
    const entry = find(kernel);
    const test = entry.cases.find((one) => one.name === name);
    if (!device || !test) throw new Error(device ? `${kernel} has no case ${name}` : "open() comes first");
    const results: Record<string, { worst: number } | { failure: string }> = {};
    const problem = makeProblem(entry.kernel, test.shapes, test.attrs);
    const usable = usableVariants(entry.kernel, problem, device);
    // Compiling takes most of the time; together it takes all cores. What fails is reported by the variant's own turn.
    const pipelines = pipelinesOf(device);
    await Promise.allSettled(usable.map((variant) => pipelines.get(entry.kernel, variant, problem)));
    for (const variant of usable) {
      try {
        results[variant] = { worst: await verify(device, entry, variant, test) };
      } catch (error) {
        results[variant] = { failure: error instanceof Error ? error.message : String(error) };
      }
    }
    return results;
  },
};
Object.assign(globalThis, { kernels });
