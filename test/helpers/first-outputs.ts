/** Runs every variant of a kernel on host values. */
import { runKernel } from "../../src/gpu/run-kernel.js";
import type { Device } from "../../src/gpu/device.js";
import type { HostWeight } from "../../src/gpu/operands.js";
import { Tensor } from "../../src/gpu/tensor.js";
import { layoutOf, usableVariants } from "../../src/kernel/choice.js";
import { makeProblem } from "../../src/kernel/kernel.js";
import type { Kernel } from "../../src/kernel/kernel.js";
import type { Attrs } from "../../src/kernel/problem.js";
import type { HostTensor } from "../../src/kernel/registry.js";

/** The inputs and attributes of a call, on the host. */
export interface HostCall {
  readonly inputs: Readonly<Record<string, HostTensor>>;
  readonly attrs?: Attrs;
}

/** What each variant that this device can run gives for the first output, by the variant's name. */
export async function firstOutputs(
  device: Device,
  kernel: Kernel,
  { inputs, attrs = {} }: HostCall,
): Promise<ReadonlyMap<string, ArrayLike<number>>> {
  const shapes = Object.fromEntries(Object.entries(inputs).map(([key, { shape }]) => [key, shape]));
  const results = new Map<string, ArrayLike<number>>();
  for (const name of usableVariants(kernel, makeProblem(kernel, shapes, attrs), device)) {
    const variant = kernel.variants[name];
    if (!variant) throw new Error(`no variant ${name}`);
    const args: Record<string, Tensor | HostWeight> = {};
    for (const [key, { shape, data }] of Object.entries(inputs)) {
      const values = Float32Array.from(data);
      if (kernel.inputs[key]?.role === "weight") args[key] = { shape, data: values };
      else args[key] = await Tensor.from(device, values, shape, { layout: layoutOf(kernel, variant, key) });
    }
    const outputs = (await runKernel(device, kernel, args, attrs, { variant: name })) as Record<string, Tensor>;
    results.set(name, await (Object.values(outputs)[0] as Tensor).read());
    for (const tensor of [...Object.values(args), ...Object.values(outputs)]) {
      if (tensor instanceof Tensor) tensor.dispose();
    }
  }
  return results;
}

/** The sum of `count` arrays that lie one after the other. */
export function sumParts(parts: ArrayLike<number>, count: number): Float64Array {
  const size = parts.length / count;
  return Float64Array.from({ length: size }, (_, i) => {
    let sum = 0;
    for (let part = 0; part < count; part++) sum += parts[part * size + i] as number;
    return sum;
  });
}
