/**
 * Output memory that shows what a kernel leaves unwritten and what it writes outside: filled with NaN, and fenced by
 * guard words.
 */
import type { Device } from "../../src/gpu/device.js";
import { Tensor, defaultLayout } from "../../src/gpu/tensor.js";
import type { TensorOptions } from "../../src/gpu/tensor.js";
import { borderOf } from "../../src/kernel/border.js";
import { layoutNamed } from "../../src/kernel/layout.js";
import type { LayoutName } from "../../src/kernel/layout.js";
import { elements } from "../../src/kernel/shape.js";
import type { Nchw } from "../../src/kernel/shape.js";

const GUARD = 0xdeadbeef;
const GUARD_BYTES = 1024;
/** NaN as f32 and as two f16; an impossible label or index as an integer. */
const NAN_WORD = 0xffffffff;

// GPUBufferUsage, which Node does not define.
const STORAGE = 0x80;
const COPY_DST = 0x8;
const COPY_SRC = 0x4;

/** The words of a tensor full of NaN. A border is zero, as it is in a plan. */
function poison(layout: LayoutName, shape: Nchw): Uint32Array {
  if (borderOf(layout) > 0)
    return new Uint32Array(layoutNamed(layout).pack(new Float32Array(elements(shape)).fill(NaN), shape));
  return new Uint32Array(layoutNamed(layout).byteSize(shape) / 4).fill(NAN_WORD);
}

/**
 * A tensor full of NaN between two fences. Its binding covers the fence behind it: adapters clamp or drop what a shader
 * writes past the end of its binding, so a fence outside the binding would never be touched.
 */
export async function guarded(device: Device, shape: readonly number[], options: TensorOptions = {}): Promise<Tensor> {
  const nchw = shape as Nchw;
  const layout = options.layout ?? defaultLayout("f32", nchw[1]);
  if (layoutNamed(layout).extent) {
    // A texture has no outside. Its column of zeros is the fence, which `verify` checks with the padding lanes.
    return Tensor.from(device, new Float32Array(elements(nchw)).fill(NaN), nchw, { ...options, layout });
  }
  const size = layoutNamed(layout).byteSize(nchw);
  const words = new Uint32Array((size + 2 * GUARD_BYTES) / 4).fill(GUARD);
  words.set(poison(layout, nchw), GUARD_BYTES / 4);
  const buffer = device.gpu.createBuffer({ size: words.byteLength, usage: STORAGE | COPY_SRC | COPY_DST });
  device.gpu.queue.writeBuffer(buffer, 0, words);
  const memory = { kind: "buffer", buffer, offset: GUARD_BYTES, size: size + GUARD_BYTES } as const;
  return new Tensor(device, nchw, layout, memory, options.label);
}

/** Whether the fences around a tensor of `guarded` are as they were. */
export async function areFencesIntact(device: Device, tensor: Tensor): Promise<boolean> {
  const { memory } = tensor;
  if (memory.kind === "texture") return true;
  const size = memory.size + GUARD_BYTES;
  const all = { kind: "buffer", buffer: memory.buffer, offset: 0, size } as const;
  const words = new Uint32Array(await new Tensor(device, [1, 1, 1, size / 4], "u32", all).readBytes());
  const isInside = (i: number): boolean => i >= GUARD_BYTES / 4 && i < memory.size / 4;
  return words.every((word, i) => isInside(i) || word === GUARD);
}
