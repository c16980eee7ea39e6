/** Runs every variant of a kernel that the device can run, on values of the host: for checks of gradients. */
import type { Device } from "../../src/gpu/device.js";
import type { HostWeight } from "../../src/gpu/operands.js";
import { runKernel } from "../../src/gpu/run-kernel.js";
import { Tensor } from "../../src/gpu/tensor.js";
import { layoutOf, usableVariants } from "../../src/kernel/choice.js";
import { erase, makeProblem } from "../../src/kernel/kernel.js";
import type { KernelDef } from "../../src/kernel/kernel.js";
import type { Attrs } from "../../src/kernel/problem.js";
import type { HostTensor } from "../../src/kernel/registry.js";
import { elements } from "../../src/kernel/shape.js";
import type { AnyVariant } from "../../src/kernel/variant.js";
import { seeded } from "./random.js";

interface VariantResult {
  readonly variant: string;
  /** The values of each output in [N, C, H, W] order. */
  readonly outputs: Readonly<Record<string, ArrayLike<number>>>;
}

/** Random values in [-1, 1) that f32 holds exactly, so that kernel and reference compute with the same. */
export function randomValues(shape: readonly number[], seed: number): HostTensor {
  const random = seeded(seed);
  return { shape, data: Float32Array.from({ length: elements(shape) }, () => random() * 2 - 1) };
}

/** The results of each variant in turn. */
export async function runVariants<I, O, A extends Attrs>(
  device: Device,
  definition: KernelDef<I, O, A>,
  host: Readonly<Record<string, HostTensor>>,
  attrs: Partial<A> = {},
): Promise<VariantResult[]> {
  const kernel = erase(definition);
  const shapes = Object.fromEntries(Object.entries(host).map(([key, { shape }]) => [key, shape]));
  const results: VariantResult[] = [];
  for (const variant of usableVariants(kernel, makeProblem(kernel, shapes, attrs as Attrs), device)) {
    const args: Record<string, Tensor | HostWeight> = {};
    for (const [key, { shape, data }] of Object.entries(host)) {
      const layout = (): ReturnType<typeof layoutOf> => layoutOf(kernel, kernel.variants[variant] as AnyVariant, key);
      const isWeight = kernel.inputs[key]?.role === "weight";
      args[key] = isWeight
        ? { shape, data: Float32Array.from(data) }
        : await Tensor.from(device, data, shape, { layout: layout() });
    }
    const tensors = (await runKernel(device, kernel, args, attrs as Attrs, { variant })) as Record<string, Tensor>;
    const outputs: Record<string, ArrayLike<number>> = {};
    for (const [key, tensor] of Object.entries(tensors)) {
      outputs[key] = await tensor.read();
      tensor.dispose();
    }
    for (const arg of Object.values(args)) if (arg instanceof Tensor) arg.dispose();
    results.push({ variant, outputs });
  }
  return results;
}
