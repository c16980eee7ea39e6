/**
 * Runs one variant of a kernel on one case and compares it with the float64 reference. The output is filled with NaN
 * beforehand and fenced by guard words, so that an unwritten element, a write past the end and a NaN all fail.
 */
import { badShape } from "../../src/base/errors.js";
import type { Device } from "../../src/gpu/device.js";
import { runKernel } from "../../src/gpu/run-kernel.js";
import type { HostWeight } from "../../src/gpu/run-kernel.js";
import { Tensor, defaultLayout } from "../../src/gpu/tensor.js";
import type { TensorOptions } from "../../src/gpu/tensor.js";
import { layoutOf } from "../../src/kernel/choice.js";
import { fromHalf, toHalf } from "../../src/kernel/half.js";
import { makeProblem, resolveAttrs } from "../../src/kernel/kernel.js";
import { layouts } from "../../src/kernel/layout.js";
import type { DType } from "../../src/kernel/layout.js";
import type {} from "../../src/kernel/problem.js";
import type { HostTensor, KernelCase, RegistryEntry } from "../../src/kernel/registry.js";
import { elements } from "../../src/kernel/shape.js";
import type { Nchw } from "../../src/kernel/shape.js";
import type { AnyVariant } from "../../src/kernel/variant.js";
import { seedOf, seeded } from "./random.js";

/**
 * The one tolerance table: |a - b| <= atol + rtol * |b|, and the normalised mean square error, by element type. f16 is for copies,
 * which round once and no more; what is computed in f32 before it is rounded has the error of f32 besides.
 */
const TOLERANCE: Readonly<Record<DType | "f16, computed", { atol: number; rtol: number; nmse: number }>> = {
  f32: { atol: 2e-5, rtol: 2e-5, nmse: 1e-10 },
  f16: { atol: 1e-7, rtol: 1e-3, nmse: 1e-6 },
  "f16, computed": { atol: 2e-5, rtol: 1e-3, nmse: 1e-6 },
  u32: { atol: 0, rtol: 0, nmse: 0 },
  u8: { atol: 0, rtol: 0, nmse: 0 },
};

const GUARD = 0xdeadbeef;
const GUARD_BYTES = 1024;
const NAN_WORD = 0xffffffff; // NaN as f32 and as two f16; an impossible label or index as an integer

function makeInputs(entry: RegistryEntry, test: KernelCase): Record<string, HostTensor> {
  const inputs: Record<string, HostTensor> = {};
  for (const [key, shape] of Object.entries(test.shapes)) {
    const random = seeded(seedOf(`${entry.kernel.name}/${test.name}/${key}`));
    const fill = test.fill?.[key] ?? (() => random() * 2 - 1);
    const data = new Float32Array(elements(shape)).map((_, i) => fill(i, random));
    inputs[key] = { shape, data };
  }
  return inputs;
}

/**
 * Output memory full of NaN between two fences. The binding reaches over the fence behind the output: adapters clamp or drop
 * what a shader writes past the end of its binding, and a fence outside it would never be touched.
 */
async function guarded(device: Device, shape: readonly number[], options: TensorOptions = {}): Promise<Tensor> {
  const full = shape as Nchw;
  const layout = options.layout ?? defaultLayout("f32", full[1]);
  const size = layouts[layout].byteSize(full);
  if (layouts[layout].extent) {
    // A texture has no outside; its column of zeros is the fence, which packing the values again checks.
    const nan = new Float32Array(elements(full)).fill(NaN);
    return Tensor.from(device, nan, full, { ...options, layout });
  }
  const words = new Uint32Array((size + 2 * GUARD_BYTES) / 4).fill(GUARD);
  words.fill(NAN_WORD, GUARD_BYTES / 4, (GUARD_BYTES + size) / 4);
  const buffer = device.gpu.createBuffer({ size: words.byteLength, usage: 0x80 | 0x4 | 0x8 });
  device.gpu.queue.writeBuffer(buffer, 0, words);
  return Promise.resolve(
    new Tensor(
      device,
      full,
      layout,
      { kind: "buffer", buffer, offset: GUARD_BYTES, size: size + GUARD_BYTES },
      options.label,
    ),
  );
}

async function fencesIntact(device: Device, tensor: Tensor): Promise<boolean> {
  const { memory } = tensor;
  if (memory.kind === "texture") return true;
  const size = memory.size + GUARD_BYTES;
  const whole = new Tensor(device, [1, 1, 1, size / 4], "u32", {
    kind: "buffer",
    buffer: memory.buffer,
    offset: 0,
    size,
  });
  const words = new Uint32Array(await whole.readBytes());
  const inside = (i: number): boolean => i >= GUARD_BYTES / 4 && i < memory.size / 4;
  return words.every((word, i) => inside(i) || word === GUARD);
}

/** Throws with the first element that differs; returns the largest difference. */
export function compare(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  dtype: keyof typeof TOLERANCE,
  label: string,
): number {
  const { atol, rtol, nmse } = TOLERANCE[dtype];
  if (got.length !== want.length) throw badShape(`${label}: ${got.length} values, expected ${want.length}`);
  let worst = 0;
  let errors = 0;
  let power = 0;
  for (let i = 0; i < want.length; i++) {
    const a = got[i] as number;
    const b = want[i] as number;
    const difference = Math.abs(a - b);
    // Written so that a NaN on either side fails.
    if (a !== b && !(difference <= atol + rtol * Math.abs(b)))
      throw new Error(`${label}: element ${i} is ${a}, expected ${b}`);
    worst = Math.max(worst, a === b ? 0 : difference);
    if (a !== b) errors += difference ** 2;
    power += b * b;
  }
  if (!(errors <= nmse * Math.max(power, Number.MIN_VALUE) || errors === 0))
    throw new Error(`${label}: normalised mean square error ${errors / power}`);
  return worst;
}

/** The inputs as the variant is given them: what it stores as f16 is rounded before the kernel runs, which is not its error. */
function asStored(
  host: Record<string, HostTensor>,
  kernel: RegistryEntry["kernel"],
  variant: AnyVariant,
): Record<string, HostTensor> {
  const rounded = ([key, tensor]: [string, HostTensor]): [string, HostTensor] => {
    const spec = kernel.inputs[key];
    const half =
      spec?.role === "weight"
        ? variant.packing?.[key]?.precision === "f16"
        : layouts[layoutOf(kernel, variant, key)].dtype === "f16";
    return [key, half ? { ...tensor, data: Array.from(tensor.data, (v) => fromHalf(toHalf(v))) } : tensor];
  };
  return Object.fromEntries(Object.entries(host).map(rounded));
}

export async function verify(
  device: Device,
  entry: RegistryEntry,
  variantName: string,
  test: KernelCase,
): Promise<number> {
  const { kernel } = entry;
  const variant = kernel.variants[variantName];
  if (!variant) throw new Error(`no variant ${variantName}`);
  const host = makeInputs(entry, test);
  const problem = makeProblem(kernel, test.shapes, test.attrs);
  const args: Record<string, Tensor | HostWeight> = {};
  for (const [key, { shape, data }] of Object.entries(host)) {
    if (kernel.inputs[key]?.role === "weight") args[key] = { shape, data: data as Float32Array };
    else args[key] = await Tensor.from(device, data, shape, { layout: layoutOf(kernel, variant, key) });
  }
  const results = (await runKernel(device, kernel, args, problem.attrs, {
    variant: variantName,
    allocate: guarded,
  })) as Record<string, Tensor>;
  const expected = entry.reference(asStored(host, kernel, variant), resolveAttrs(kernel, test.attrs));
  let worst = 0;
  for (const [key, want] of Object.entries(expected)) {
    const tensor = results[key];
    if (!tensor) throw new Error(`${kernel.name} gave no output ${key}`);
    const label = `${kernel.name}/${variantName} "${test.name}" ${key}`;
    if (tensor.shape.join() !== want.shape.join())
      throw new Error(`${label}: shape [${tensor.shape.join()}], the reference says [${want.shape.join()}]`);
    const layout = layouts[tensor.layout];
    const bytes = (await tensor.readBytes()).slice(0, layout.byteSize(tensor.shape));
    if (!(await fencesIntact(device, tensor))) throw new Error(`${label}: wrote outside its output`);
    const values = layout.unpack(bytes, tensor.shape);
    const computed = layout.dtype === "f16" && kernel.cost(problem).flops > 0;
    worst = Math.max(worst, compare(values, want.data, computed ? "f16, computed" : layout.dtype, label));
    // What unpack does not see are the padding lanes: packing the values again gives zeros there.
    const lanes = new Uint8Array(layout.pack(values, tensor.shape));
    const raw = new Uint8Array(bytes);
    if (!values.some(Number.isNaN) && lanes.some((byte, i) => byte !== raw[i]))
      throw new Error(`${label}: a padding lane is not zero`);
    tensor.dispose();
  }
  for (const argument of Object.values(args)) if (argument instanceof Tensor) argument.dispose();
  return worst;
}
