/**
 * Calls one kernel on tensors, outside any model: `const { y } = await runKernel(device, conv2d, { x, weight }, {
 * stride: 2 })`. Every call allocates its outputs and builds a bind group. A plan does both once, so use this to try
 * and to test kernels.
 */
import { convert } from "../../shaders/convert/kernel.js";
import { copiedArrays } from "../base/copied-arrays.js";
import { badOption } from "../base/errors.js";
import { checkKind, checkOptions, typeName } from "../base/options.js";
import { checkBorders, neededBorders, widest } from "../kernel/border-rules.js";
import type { Borders } from "../kernel/border.js";
import { chooseVariant, layoutOf } from "../kernel/choice.js";
import { erase, makeProblem } from "../kernel/kernel.js";
import type { Kernel, KernelDef } from "../kernel/kernel.js";
import { conversionPath } from "../kernel/layout.js";
import type { LayoutName } from "../kernel/layout.js";
import { plainPacking } from "../kernel/packings.js";
import type { AnyProblem, Attrs } from "../kernel/problem.js";
import type { AnyVariant, Packing } from "../kernel/variant.js";
import { Dummies, bindGroupEntries, slotsOf } from "./bindings.js";
import { checkDevice } from "./device.js";
import type { Device } from "./device.js";
import { encodeDispatch, gridOf, packParams } from "./dispatch.js";
import { BUFFER } from "./flags.js";
import { bindingOf, createBuffer, createTexture, destroy, write } from "./memory.js";
import type { Memory } from "./memory.js";
import { checkOperands, isResident, operandsOf, updatedTensors } from "./operands.js";
import type { HostWeight, Operand, Operands, ResidentWeight } from "./operands.js";
import { pipelinesOf } from "./pipelines.js";
import type { Pipeline } from "./pipelines.js";
import { Tensor } from "./tensor.js";
import { upload } from "./upload.js";

type Argument<S> = S extends { role: "weight" } ? HostWeight | ResidentWeight : Tensor;
/** Tensors and weights by the names of the kernel's inputs. Only optional inputs may be left out. */
export type KernelArguments<I> = string extends keyof I
  ? Readonly<Record<string, Operand | undefined>> // of an erased kernel
  : { readonly [K in keyof I as I[K] extends { optional: true } ? never : K]: Argument<I[K]> } & {
      readonly [K in keyof I as I[K] extends { optional: true } ? K : never]?: Argument<I[K]> | undefined;
    };
/** Tensors by the names of the kernel's outputs. They are the caller's to dispose of. */
export type KernelResults<O> = {
  readonly [K in keyof O]: O[K] extends { optional: true } ? Tensor | undefined : Tensor;
};

/** How runKernel() runs a kernel, besides its attributes. */
export interface RunKernelOptions {
  /** A variant by name. Default: the one a plan would choose. */
  readonly variant?: string;
  /** Borders of zeros around tensors in memory (layouts such as "nhwc4+1"), where the variant can have them. */
  readonly borders?: Borders;
  /** Makes the output tensors. Tests pass guarded and poisoned memory. */
  readonly allocate?: typeof Tensor.empty;
}

/** One call, after the kernel's variant was chosen and compiled. */
interface Call {
  readonly device: Device;
  readonly kernel: Kernel;
  readonly variant: AnyVariant;
  readonly problem: AnyProblem;
  readonly pipeline: Pipeline;
}

/**
 * Runs a kernel once. The outputs belong to the caller, who disposes them. An output that updates an input is that
 * input's tensor, changed.
 * @param args tensors [N, C, H, W] and weights, by the names of the kernel's inputs
 * @param attrs stride, padding and the like; docs/kernels.md lists them with their defaults
 * @throws bad-shape, bad-option, limit-too-small, out-of-memory, device-lost, disposed
 * @example
 * import { Tensor, requestDevice, runKernel } from "fcn-webgpu/node";
 * import { maxPool2d } from "fcn-webgpu/kernels";
 *
 * const device = await requestDevice();
 * const x = await Tensor.from(device, [1, 2, 3, 4], [1, 1, 2, 2]);
 * const { y } = await runKernel(device, maxPool2d, { x }, { kernel: 2, stride: 2 });
 * console.log(y.shape.join(), (await y.read()).join()); // prints 1,1,1,1 4
 * device.dispose();
 */
export async function runKernel<I, O, A>(
  device: Device,
  kernel: KernelDef<I, O, A>,
  args: KernelArguments<I>,
  attrs: Partial<A> = {},
  options: RunKernelOptions = {},
): Promise<KernelResults<O>> {
  checkOptions("runKernel(device, kernel, inputs, attrs, { variant: ... })", options, {
    variant: "a string",
    borders: "an object of widths",
    allocate: "a function",
  });
  checkDevice("runKernel", device);
  if (!(kernel as Partial<Kernel> | undefined)?.inputs)
    throw badOption(`runKernel: kernel must be one that defineKernel() made, got ${typeName(kernel)}`);
  checkKind("runKernel: inputs", args, "an object of tensors and weights");
  checkKind("runKernel: attrs", attrs, "an object");
  device.check();
  const erased = erase(kernel);
  const operands = operandsOf(args);
  checkOperands(device, erased, operands);
  const call = await prepare(device, erased, operands, copiedArrays(attrs as Attrs), options);
  const updated = updatedTensors(erased, call.variant, operands);
  const converted: Tensor[] = [];
  const outputs: Record<string, Tensor> = {};
  try {
    const inputs = await convertInputs(call, operands, converted);
    await allocateOutputs(call, outputs, options.allocate ?? ((...given) => Tensor.empty(...given)));
    await dispatch(call, operands, { ...Object.fromEntries(inputs), ...outputs, ...updated });
    return { ...outputs, ...updated } as unknown as KernelResults<O>;
  } catch (error) {
    for (const output of Object.values(outputs)) output.dispose();
    throw error;
  } finally {
    for (const tensor of converted) tensor.dispose();
  }
}

async function prepare(
  device: Device,
  kernel: Kernel,
  operands: Operands,
  attrs: Attrs,
  { variant: wanted, borders = {} }: RunKernelOptions,
): Promise<Call> {
  const shapes = Object.fromEntries([...operands].map(([key, { shape }]) => [key, shape]));
  const problem = makeProblem(kernel, shapes, attrs);
  const choice = wanted === undefined ? {} : { [kernel.name]: wanted };
  const variantName = chooseVariant(kernel, problem, device, choice);
  const variant = kernel.variants[variantName] as AnyVariant;
  checkBorders(`${kernel.name}/${variantName}`, variant, borders);
  const bordered = { ...problem, borders: widest(neededBorders(variant, problem), borders) };
  const pipeline = await pipelinesOf(device).get(kernel, variantName, bordered);
  return { device, kernel, variant, problem: bordered, pipeline };
}

/** The input tensors in the layouts that the variant reads. New ones are added to `converted`. */
async function convertInputs(call: Call, operands: Operands, converted: Tensor[]): Promise<Map<string, Tensor>> {
  const inputs = new Map<string, Tensor>();
  for (const [key, operand] of operands) {
    if (!(operand instanceof Tensor)) continue;
    operand.check();
    let tensor = operand;
    for (const to of conversionPath(operand.layout, layoutOf(call.kernel, call.variant, key, call.problem.borders))) {
      tensor = await convertTo(tensor, to);
      converted.push(tensor);
    }
    inputs.set(key, tensor);
  }
  return inputs;
}

async function convertTo(x: Tensor, to: LayoutName): Promise<Tensor> {
  return (await runKernel(x.device, convert, { x }, { from: x.layout, to })).y;
}

async function allocateOutputs(
  { device, kernel, variant, problem }: Call,
  outputs: Record<string, Tensor>,
  allocate: typeof Tensor.empty,
): Promise<void> {
  for (const [key, shape] of Object.entries(problem.out)) {
    if (!shape || kernel.outputs[key]?.updates !== undefined) continue;
    const layout = layoutOf(kernel, variant, key, problem.borders);
    const tensor: unknown = await allocate(device, shape, { layout, label: `${kernel.name}.${key}` });
    if (!(tensor instanceof Tensor)) throw badOption(`runKernel: allocate must give a Tensor, got ${typeName(tensor)}`);
    outputs[key] = tensor;
  }
}

const packingOf = ({ packing }: AnyVariant, key: string): Packing => packing?.[key] ?? plainPacking;

/** The weights that stay on the GPU, in the orders that the variant reads. */
async function residentMemory({ variant, problem }: Call, operands: Operands): Promise<Map<string, Memory>> {
  const memory = new Map<string, Memory>();
  for (const [key, operand] of operands)
    if (isResident(operand)) memory.set(key, await operand.memoryFor(packingOf(variant, key), problem));
  return memory;
}

async function dispatch(call: Call, operands: Operands, tensors: Readonly<Record<string, Tensor>>): Promise<void> {
  const { device, kernel, variant, problem, pipeline } = call;
  const grid = gridOf(kernel, variant, problem, device.limits.maxComputeWorkgroupsPerDimension);
  const packedParams = packParams(kernel, variant, problem);
  const temporary: Memory[] = [];
  const keep = (memory: Memory): Memory => {
    temporary.push(memory);
    return memory;
  };
  const dummies = new Dummies((kind, label) =>
    keep(
      kind === "texture" ? createTexture(device, label, { width: 1, height: 1 }) : createBuffer(device, label, 16, 0),
    ),
  );
  try {
    const resident = await residentMemory(call, operands);
    await device.scoped(kernel.name, () => {
      const params = keep(createBuffer(device, "params", packedParams.byteLength, BUFFER.UNIFORM | BUFFER.COPY_DST));
      write(device, params, packedParams);
      const slots = slotsOf(kernel, variant);
      const entries = bindGroupEntries(
        slots,
        (slot) => {
          const tensor = tensors[slot.key];
          if (tensor) return tensor.memory;
          const weight = operands.get(slot.key);
          if (!weight || weight instanceof Tensor) return dummies.get(slot);
          if (isResident(weight)) return resident.get(slot.key) as Memory;
          const packing = packingOf(variant, slot.key);
          return keep(upload(device, slot.key, packing, packing.pack(weight.data, weight.shape, problem)));
        },
        bindingOf(params),
      );
      const bindGroup = device.gpu.createBindGroup({ label: kernel.name, layout: pipeline.bindings, entries });
      const encoder = device.gpu.createCommandEncoder();
      const pass = encoder.beginComputePass();
      encodeDispatch(pass, { pipeline: pipeline.pipeline, bindGroup, grid });
      pass.end();
      device.gpu.queue.submit([encoder.finish()]);
    });
  } finally {
    // Destroying memory after submit is allowed: the submitted work keeps what it uses.
    temporary.forEach(destroy);
  }
}
