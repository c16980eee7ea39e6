/**
 * Calls one kernel on tensors, outside any model: `const { y } = await runKernel(device, conv2d, { x, weight }, { stride: 2 })`.
 * Allocates its outputs and builds a bind group on every call, which a plan does once; use it to try and to test kernels.
 */
import { convert } from "../../shaders/convert/kernel.js";
import { badShape } from "../base/errors.js";
import { checkOptions } from "../base/options.js";
import { layoutOf, chooseVariant } from "../kernel/choice.js";
import { erase, makeProblem } from "../kernel/kernel.js";
import type { KernelDef } from "../kernel/kernel.js";
import { layouts } from "../kernel/layout.js";
import type { LayoutName } from "../kernel/layout.js";
import { plainPacking } from "../kernel/packings.js";
import type { AnyProblem, Attrs } from "../kernel/problem.js";
import { elements } from "../kernel/shape.js";
import type { Shape } from "../kernel/shape.js";
import type { Packing, AnyVariant } from "../kernel/variant.js";
import type { Device } from "./device.js";
import { gridOf, packParams } from "./dispatch.js";
import { BUFFER } from "./flags.js";
import { bindingOf, createBuffer, createTexture, destroy, write } from "./memory.js";
import type { Memory } from "./memory.js";
import { pipelinesOf } from "./pipelines.js";
import { Tensor } from "./tensor.js";
import { upload } from "./upload.js";

/** A constant operand: values in [out, in, kh, kw] or [c] order. */
export interface HostWeight {
  readonly shape: Shape;
  readonly data: Float32Array;
}

type Argument<S> = S extends { role: "weight" } ? HostWeight : Tensor;
export type KernelArguments<I> = { readonly [K in keyof I]?: Argument<I[K]> | undefined };
export type KernelResults<O> = {
  readonly [K in keyof O]: O[K] extends { optional: true } ? Tensor | undefined : Tensor;
};

export interface RunKernelOptions {
  /** Variant by name; the default is what a plan would choose. */
  readonly variant?: string;
  /** Makes the output tensors; tests pass guarded and poisoned memory. */
  readonly allocate?: typeof Tensor.empty;
}

export async function runKernel<I, O, A>(
  device: Device,
  kernel: KernelDef<I, O, A>,
  args: KernelArguments<I>,
  attrs: Partial<A> = {},
  options: RunKernelOptions = {},
): Promise<KernelResults<O>> {
  checkOptions("runKernel(device, kernel, inputs, attrs, { variant: ... })", options, {
    variant: "a string",
    allocate: "a function",
  });
  device.check();
  const erased = erase(kernel);
  const given = Object.entries(args as Readonly<Record<string, Tensor | HostWeight | undefined>>).flatMap(([k, v]) =>
    v ? [[k, v] as const] : [],
  );
  for (const [key, value] of given) {
    const role = erased.inputs[key]?.role;
    if (role === "weight" && value instanceof Tensor)
      throw badShape(`${erased.name}: input ${key} is a weight: pass { shape, data }, not a tensor`);
    if (role === "tensor" && !(value instanceof Tensor))
      throw badShape(`${erased.name}: input ${key} is a tensor: pass one made by Tensor.from, not { shape, data }`);
    if (value instanceof Tensor && value.device !== device)
      throw badShape(
        `${erased.name}: input ${key} lies on another device than the one the kernel runs on; read it and make it anew there`,
      );
  }
  const problem = makeProblem(erased, Object.fromEntries(given.map(([k, v]) => [k, v.shape])), attrs as Attrs);
  const variantName = chooseVariant(
    erased,
    problem,
    device,
    options.variant === undefined ? {} : { [erased.name]: options.variant },
  );
  const variant = erased.variants[variantName] as AnyVariant;
  const grid = gridOf(erased, variant, problem, device.limits.maxComputeWorkgroupsPerDimension);
  const { pipeline, bindings } = await pipelinesOf(device).get(erased, variantName, problem);

  const packedParams = packParams(erased, variant, problem);
  const temporary: Memory[] = [];
  const keep = (memory: Memory): GPUBindingResource => {
    temporary.push(memory);
    return bindingOf(memory);
  };
  /** What an absent optional tensor binds: a binding must be there. */
  const nothing = (key: string): GPUBindingResource =>
    keep(isTexture(key) ? createTexture(device, "none", { width: 1, height: 1 }) : createBuffer(device, "none", 16, 0));
  const isTexture = (key: string): boolean =>
    erased.inputs[key]?.role !== "weight" && layouts[layoutOf(erased, variant, key)].extent !== undefined;
  const converted: Tensor[] = [];
  const outputs: Record<string, Tensor> = {};
  try {
    const inputs = new Map<string, Tensor>();
    for (const [key, value] of given) {
      if (!(value instanceof Tensor)) continue;
      value.check();
      const layout = layoutOf(erased, variant, key);
      // nhwc4 is the hub of conversions: between two other layouts the way leads through it.
      const way =
        value.layout === layout ? [] : [...new Set<LayoutName>(["nhwc4", layout])].filter((l) => l !== value.layout);
      let tensor = value;
      for (const to of way) {
        tensor = (await runKernel(device, convert, { x: tensor }, { from: tensor.layout, to })).y;
        converted.push(tensor);
      }
      inputs.set(key, tensor);
    }
    for (const [key, shape] of Object.entries(problem.out)) {
      if (!shape) continue;
      const make = options.allocate ?? ((...a: Parameters<typeof Tensor.empty>) => Tensor.empty(...a));
      outputs[key] = await make(device, shape, {
        layout: layoutOf(erased, variant, key),
        label: `${erased.name}.${key}`,
      });
    }
    await device.scoped(erased.name, () => {
      const resources: GPUBindingResource[] = [];
      for (const key of Object.keys(erased.inputs)) {
        const tensor = inputs.get(key);
        const weight = given.find(([k]) => k === key)?.[1];
        if (tensor) resources.push(bindingOf(tensor.memory));
        else if (weight && !(weight instanceof Tensor)) {
          const packing = variant.packing?.[key] ?? plainPacking;
          resources.push(keep(upload(device, key, packing, packWeight(weight, key, packing, problem))));
        } else resources.push(nothing(key));
      }
      for (const key of Object.keys(erased.outputs)) {
        const output = outputs[key];
        resources.push(output ? bindingOf(output.memory) : nothing(key));
      }
      const params = createBuffer(device, "params", packedParams.byteLength, BUFFER.UNIFORM | BUFFER.COPY_DST);
      write(device, params, packedParams);
      resources.push(keep(params));
      const entries = resources.map((resource, binding) => ({ binding, resource }));
      const bindGroup = device.gpu.createBindGroup({ label: erased.name, layout: bindings, entries });
      const encoder = device.gpu.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...grid);
      pass.end();
      device.gpu.queue.submit([encoder.finish()]);
    });
    return outputs as unknown as KernelResults<O>;
  } catch (error) {
    for (const output of Object.values(outputs)) output.dispose();
    throw error;
  } finally {
    // Destroying after submit is allowed: the submitted work keeps what it uses.
    temporary.forEach(destroy);
    for (const tensor of converted) tensor.dispose();
  }
}

function packWeight(
  weight: HostWeight,
  key: string,
  packing: Packing,
  problem: AnyProblem,
): Float32Array | Uint32Array {
  const expected = elements(weight.shape);
  if (weight.data.length !== expected) {
    throw badShape(`input ${key} [${weight.shape.join(",")}] needs ${expected} values, got ${weight.data.length}`);
  }
  return packing.pack(weight.data, weight.shape, problem);
}
