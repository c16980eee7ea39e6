/** Runs in a browser: the kernels' cases against their references, as test/kernels.test.ts runs them in Node. */
import { registry } from "../../shaders/index.js";
import { messageOf } from "../../src/base/errors.js";
import type { Device } from "../../src/gpu/device.js";
import { pipelinesOf } from "../../src/gpu/pipelines.js";
import { requestDevice } from "../../src/gpu/request-device.js";
import { offersVariant, usableVariants } from "../../src/kernel/choice.js";
import { makeProblem } from "../../src/kernel/kernel.js";
import type { Kernel } from "../../src/kernel/kernel.js";
import { verify } from "./verify-kernel.js";

/** The largest difference from the reference, or the message of what failed. */
export type Outcome = { readonly worst: number } | { readonly failure: string };

export interface KernelsInPage {
  /** Opens the device. Gives its name, and the variants that it offers, by kernel. Call it before run(). */
  open(): Promise<{ readonly adapter: string; readonly offered: Readonly<Record<string, readonly string[]>> }>;
  /** Runs every variant that can run on a case. */
  run(kernel: string, caseName: string): Promise<Readonly<Record<string, Outcome>>>;
}

let device: Device | undefined;

function offeredVariants(kernel: Kernel, on: Device): string[] {
  return Object.entries(kernel.variants).flatMap(([name, variant]) => (offersVariant(variant, on) ? [name] : []));
}

const kernels: KernelsInPage = {
  async open() {
    const opened = await requestDevice();
    device = opened;
    const offered = registry.map(({ kernel }) => [kernel.name, offeredVariants(kernel, opened)] as const);
    return { adapter: opened.label, offered: Object.fromEntries(offered) };
  },
  async run(kernel, caseName) {
    if (!device) throw new Error("open() comes first");
    const entry = registry.find((one) => one.kernel.name === kernel);
    const test = entry?.cases.find((one) => one.name === caseName);
    if (!entry || !test) throw new Error(`${kernel} has no case ${caseName}`);
    const problem = makeProblem(entry.kernel, test.shapes, test.attrs);
    const usable = usableVariants(entry.kernel, problem, device);
    // Compiling takes most of the time, so all variants compile at once, on all cores. verify() reports failures.
    const pipelines = pipelinesOf(device);
    await Promise.allSettled(usable.map((variant) => pipelines.get(entry.kernel, variant, problem)));
    const outcomes: Record<string, Outcome> = {};
    for (const variant of usable) {
      try {
        outcomes[variant] = { worst: await verify(device, entry, variant, test) };
      } catch (error) {
        outcomes[variant] = { failure: messageOf(error) };
      }
    }
    return outcomes;
  },
};
Object.assign(globalThis, { kernels });
