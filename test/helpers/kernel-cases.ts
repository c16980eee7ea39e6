/**
 * Runs in a browser or in Deno: the kernels' cases against their references, as test/kernels.test.ts runs them in Node.
 * kernel-hosts.ts starts the runtimes.
 */
import { registry } from "../../shaders/index.js";
import { messageOf } from "../../src/base/errors.js";
import type { Device } from "../../src/gpu/device.js";
import { pipelinesOf } from "../../src/gpu/pipelines.js";
import { requestDevice } from "../../src/gpu/request-device.js";
import { offersVariant, usableVariants } from "../../src/kernel/choice.js";
import { makeProblem } from "../../src/kernel/kernel.js";
import type { Kernel } from "../../src/kernel/kernel.js";
import type { KernelCase, RegistryEntry } from "../../src/kernel/registry.js";
import { elements } from "../../src/kernel/shape.js";
import { verify } from "./verify-kernel.js";

/** The largest difference from the reference, or the message of what failed. */
export type Outcome = { readonly worst: number } | { readonly failure: string };

/** What a runtime says about itself. */
export interface OpenedKernels {
  /** The device's name. */
  readonly adapter: string;
  readonly software: boolean;
  /** The variants that the device offers, by kernel. */
  readonly offered: Readonly<Record<string, readonly string[]>>;
}

/** A case, and the variants to run on it. */
export interface CasePart {
  readonly caseName: string;
  readonly variants: readonly string[];
}

export interface KernelCases {
  /** Opens the device. Call it first. */
  open(): Promise<OpenedKernels>;
  /** Few and small cases that run each variant once. */
  cover(kernel: string): readonly CasePart[];
  /** All cases. Tiles whose threads share sums take SwiftShader seconds to compile: each runs in one case. */
  all(kernel: string): readonly CasePart[];
  /** Runs `variants` on a case; by default all that can run. */
  run(kernel: string, caseName: string, variants?: readonly string[]): Promise<Readonly<Record<string, Outcome>>>;
}

let device: Device | undefined;

function openDevice(): Device {
  if (!device) throw new Error("open() comes first");
  return device;
}

function entryOf(kernel: string): RegistryEntry {
  const entry = registry.find((one) => one.kernel.name === kernel);
  if (!entry) throw new Error(`there is no kernel ${kernel}`);
  return entry;
}

function offeredVariants(kernel: Kernel, on: Device): string[] {
  return Object.entries(kernel.variants).flatMap(([name, variant]) => (offersVariant(variant, on) ? [name] : []));
}

const usableFor = ({ kernel }: RegistryEntry, { shapes, attrs }: KernelCase): string[] =>
  usableVariants(kernel, makeProblem(kernel, shapes, attrs), openDevice());

/** KG groups of threads add up the sums of a tile (conv2d/tiled.wgsl). */
const sharesSums = (kernel: Kernel, variant: string): boolean => (kernel.variants[variant]?.consts?.KG ?? 1) > 1;

/** Values that a case reads: more of them take longer. */
function sizeOf({ shapes }: KernelCase): number {
  return Object.values(shapes).reduce((sum, shape) => sum + elements(shape), 0);
}

export const kernelCases: KernelCases = {
  async open() {
    const opened = await requestDevice();
    device = opened;
    const offered = registry.map(({ kernel }) => [kernel.name, offeredVariants(kernel, opened)] as const);
    return { adapter: opened.label, software: opened.software, offered: Object.fromEntries(offered) };
  },
  cover(kernel) {
    const entry = entryOf(kernel);
    const seen = new Set<string>();
    const bySize = entry.cases.filter(({ bench }) => !bench).sort((a, b) => sizeOf(a) - sizeOf(b));
    return bySize.flatMap((test) => {
      const variants = usableFor(entry, test).filter((variant) => !seen.has(variant));
      for (const variant of variants) seen.add(variant);
      return variants.length > 0 ? [{ caseName: test.name, variants }] : [];
    });
  },
  all(kernel) {
    const entry = entryOf(kernel);
    const seen = new Set<string>();
    return entry.cases
      .filter(({ bench }) => !bench)
      .map((test) => {
        const variants = usableFor(entry, test).filter((variant) => !seen.has(variant));
        for (const variant of variants) if (sharesSums(entry.kernel, variant)) seen.add(variant);
        return { caseName: test.name, variants };
      });
  },
  async run(kernel, caseName, variants) {
    const entry = entryOf(kernel);
    const test = entry.cases.find((one) => one.name === caseName);
    if (!test) throw new Error(`${kernel} has no case ${caseName}`);
    const chosen = variants ?? usableFor(entry, test);
    const problem = makeProblem(entry.kernel, test.shapes, test.attrs);
    // Compiling takes most of the time, so all variants compile at once, on all cores. verify() reports failures.
    const pipelines = pipelinesOf(openDevice());
    await Promise.allSettled(chosen.map((variant) => pipelines.get(entry.kernel, variant, problem)));
    const outcomes: Record<string, Outcome> = {};
    for (const variant of chosen) {
      try {
        outcomes[variant] = { worst: await verify(openDevice(), entry, variant, test) };
      } catch (error) {
        outcomes[variant] = { failure: messageOf(error) };
      }
    }
    return outcomes;
  },
};
Object.assign(globalThis, { kernelCases });
