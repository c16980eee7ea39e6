/**
 * Runs one variant of a kernel on one case and compares it with the float64 reference. An unwritten element, a write
 * outside the output, a NaN and a padding lane that is not zero all fail.
 */
import { badShape } from "../../src/base/errors.js";
import type { Device } from "../../src/gpu/device.js";
import { runKernel } from "../../src/gpu/run-kernel.js";
import type { HostWeight } from "../../src/gpu/operands.js";
import { write } from "../../src/gpu/memory.js";
import { Tensor } from "../../src/gpu/tensor.js";
import type { Borders } from "../../src/kernel/border.js";
import { layoutOf } from "../../src/kernel/choice.js";
import { fromHalf, toHalf } from "../../src/kernel/half.js";
import { makeProblem, resolveAttrs } from "../../src/kernel/kernel.js";
import type { Kernel } from "../../src/kernel/kernel.js";
import { layoutNamed } from "../../src/kernel/layout.js";
import type { DType, LayoutName } from "../../src/kernel/layout.js";
import type { HostTensor, KernelCase, RegistryEntry } from "../../src/kernel/registry.js";
import { elements, formatShape } from "../../src/kernel/shape.js";
import type { AnyVariant } from "../../src/kernel/variant.js";
import { areFencesIntact, guarded } from "./guarded-memory.js";
import { seedOf, seeded } from "./random.js";

/**
 * The one tolerance table, by element type: |a - b| <= atol + rtol * |b|, and the normalised mean square error. "f16"
 * is for copies, which only round. What a kernel computes in f32 before it rounds has the error of f32 as well.
 */
const TOLERANCE: Readonly<Record<DType | "f16, computed", { atol: number; rtol: number; nmse: number }>> = {
  f32: { atol: 2e-5, rtol: 2e-5, nmse: 1e-10 },
  f16: { atol: 1e-7, rtol: 1e-3, nmse: 1e-6 },
  "f16, computed": { atol: 2e-5, rtol: 1e-3, nmse: 1e-6 },
  u32: { atol: 0, rtol: 0, nmse: 0 },
  u8: { atol: 0, rtol: 0, nmse: 0 },
};

/** @returns the largest difference. @throws with the first element that differs */
export function compare(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  dtype: keyof typeof TOLERANCE,
  label: string,
): number {
  const { atol, rtol, nmse } = TOLERANCE[dtype];
  if (got.length !== want.length) throw badShape(`${label}: ${got.length} values, expected ${want.length}`);
  let worst = 0;
  let squaredErrors = 0;
  let power = 0;
  for (let i = 0; i < want.length; i++) {
    const a = got[i] as number;
    const b = want[i] as number;
    power += b * b;
    if (a === b) continue; // equal infinities have no difference
    const difference = Math.abs(a - b);
    const isClose = difference <= atol + rtol * Math.abs(b); // false when either is NaN
    if (!isClose) throw new Error(`${label}: element ${i} is ${a}, expected ${b}`);
    worst = Math.max(worst, difference);
    squaredErrors += difference ** 2;
  }
  const isSmall = squaredErrors === 0 || squaredErrors <= nmse * Math.max(power, Number.MIN_VALUE);
  if (!isSmall) throw new Error(`${label}: normalised mean square error ${squaredErrors / power}`);
  return worst;
}

/** Seeded inputs of a case. */
export function makeInputs({ kernel }: RegistryEntry, test: KernelCase): Record<string, HostTensor> {
  const inputs: Record<string, HostTensor> = {};
  for (const [key, shape] of Object.entries(test.shapes)) {
    const random = seeded(seedOf(`${kernel.name}/${test.name}/${key}`));
    const fill = test.fill?.[key] ?? (() => random() * 2 - 1);
    const data = new Float32Array(elements(shape)).map((_, i) => fill(i, random));
    inputs[key] = { shape, data };
  }
  return inputs;
}

/** Whether the variant stores this input as f16. */
function isStoredAsHalf(kernel: Kernel, variant: AnyVariant, key: string): boolean {
  if (kernel.inputs[key]?.role === "weight") return variant.packing?.[key]?.precision === "f16";
  return layoutNamed(layoutOf(kernel, variant, key)).dtype === "f16";
}

/** The inputs as the variant reads them. Rounding them to f16 comes before the kernel and is none of its errors. */
function asStored(kernel: Kernel, variant: AnyVariant, host: Record<string, HostTensor>): Record<string, HostTensor> {
  const stored: Record<string, HostTensor> = {};
  for (const [key, { shape, data }] of Object.entries(host)) {
    const isHalf = isStoredAsHalf(kernel, variant, key);
    stored[key] = { shape, data: isHalf ? Array.from(data, (value) => fromHalf(toHalf(value))) : data };
  }
  return stored;
}

/** A tensor that the kernel writes over lies between fences. */
async function uploadTensor(
  device: Device,
  { shape, data }: HostTensor,
  layout: LayoutName,
  isUpdated: boolean,
): Promise<Tensor> {
  const form = layoutNamed(layout);
  if (!isUpdated || form.extent) return Tensor.from(device, data, shape, { layout });
  const tensor = await guarded(device, shape, { layout });
  write(device, tensor.memory, form.pack(data, tensor.shape));
  return tensor;
}

async function upload(
  device: Device,
  kernel: Kernel,
  variant: AnyVariant,
  host: Record<string, HostTensor>,
): Promise<Record<string, Tensor | HostWeight>> {
  const args: Record<string, Tensor | HostWeight> = {};
  const updated = Object.values(kernel.outputs).map(({ updates }) => updates);
  for (const [key, { shape, data }] of Object.entries(host)) {
    if (kernel.inputs[key]?.role === "weight") args[key] = { shape, data: data as Float32Array };
    else args[key] = await uploadTensor(device, { shape, data }, layoutOf(kernel, variant, key), updated.includes(key));
  }
  return args;
}

interface Expected {
  readonly want: HostTensor;
  /** Whether the kernel computes. One that only copies rounds once and has no other error. */
  readonly isComputed: boolean;
  readonly label: string;
}

/** @returns the largest difference. @throws for a value, a fence or a padding lane that is wrong */
async function checkOutput(device: Device, tensor: Tensor, { want, isComputed, label }: Expected): Promise<number> {
  if (tensor.shape.join() !== want.shape.join()) {
    throw new Error(`${label}: shape ${formatShape(tensor.shape)}, the reference says ${formatShape(want.shape)}`);
  }
  const layout = layoutNamed(tensor.layout);
  const bytes = (await tensor.readBytes()).slice(0, layout.byteSize(tensor.shape));
  if (!(await areFencesIntact(device, tensor))) throw new Error(`${label}: wrote outside its output`);
  const values = layout.unpack(bytes, tensor.shape);
  const dtype = layout.dtype === "f16" && isComputed ? "f16, computed" : layout.dtype;
  const worst = compare(values, want.data, dtype, label);
  // unpack() leaves out the padding lanes. Packed again, the values have zeros there.
  const repacked = new Uint8Array(layout.pack(values, tensor.shape));
  const written = new Uint8Array(bytes);
  const hasNaN = values.some(Number.isNaN); // packing may change its bits
  if (!hasNaN && repacked.some((byte, i) => byte !== written[i])) {
    throw new Error(`${label}: a padding lane is not zero`);
  }
  return worst;
}

/**
 * Borders wider than a variant needs, of another width for each tensor. Undefined where its tensors cannot have any.
 */
export function wideBorders(kernel: Kernel, variantName: string, { shapes, attrs }: KernelCase): Borders | undefined {
  const rules = kernel.variants[variantName]?.borders;
  if (!rules) return undefined;
  const problem = makeProblem(kernel, shapes, attrs);
  const least = { ...rules.gains?.(problem), ...rules.needs?.(problem) };
  return Object.fromEntries(rules.tensors.map((key, i) => [key, (least[key] ?? 0) + 1 + i]));
}

/** @returns the largest difference from the reference. @throws when the variant is wrong on this case */
export async function verify(
  device: Device,
  entry: RegistryEntry,
  variantName: string,
  test: KernelCase,
  borders: Borders = {},
): Promise<number> {
  const { kernel } = entry;
  const variant = kernel.variants[variantName];
  if (!variant) throw new Error(`no variant ${variantName}`);
  const problem = makeProblem(kernel, test.shapes, test.attrs);
  const host = makeInputs(entry, test);
  const args = await upload(device, kernel, variant, host);
  const options = { variant: variantName, allocate: guarded, borders };
  const results = (await runKernel(device, kernel, args, problem.attrs, options)) as Record<string, Tensor>;
  const expected = entry.reference(asStored(kernel, variant, host), resolveAttrs(kernel, test.attrs));
  const isComputed = kernel.cost(problem).flops > 0;
  let worst = 0;
  for (const [key, want] of Object.entries(expected)) {
    const tensor = results[key];
    if (!tensor) throw new Error(`${kernel.name} gave no output ${key}`);
    const label = `${kernel.name}/${variantName} "${test.name}" ${key}`;
    worst = Math.max(worst, await checkOutput(device, tensor, { want, isComputed, label }));
    tensor.dispose();
  }
  for (const argument of Object.values(args)) {
    if (argument instanceof Tensor) argument.dispose();
  }
  return worst;
}
