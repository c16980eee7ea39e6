/**
 * Memory planning, pure: tensors with lifetimes become offsets in a few large buffers ("slabs"). WebGPU forbids one dispatch
 * to read and write the same GPUBuffer, even at ranges that do not overlap, so tensors that meet in a dispatch as input and
 * output go to different slabs; a ResNet needs three. https://www.w3.org/TR/webgpu/#programming-model-synchronization
 */
import { limitTooSmall } from "../base/errors.js";
import { alignUp } from "../kernel/shape.js";

export interface Lifetime {
  readonly name: string;
  readonly bytes: number;
  /** First and last step that touch the tensor, inclusive. */
  readonly from: number;
  readonly to: number;
  /** Tensors (by index) that must not share a slab with this one. */
  readonly apart: ReadonlySet<number>;
}

export interface Placement {
  readonly slab: number;
  readonly offset: number;
}

export interface Arena {
  readonly placements: readonly Placement[];
  readonly slabs: readonly number[];
}

const ALIGNMENT = 256; // minStorageBufferOffsetAlignment at its default

/** Lowest offset of `bytes` in a slab that no tensor alive at the same time covers. */
function firstFit(taken: readonly { offset: number; end: number }[], bytes: number): number {
  let offset = 0;
  for (const range of [...taken].sort((a, b) => a.offset - b.offset)) {
    if (offset + bytes <= range.offset) break;
    offset = Math.max(offset, alignUp(range.end, ALIGNMENT));
  }
  return offset;
}

/** Places every tensor; throws `limit-too-small` when one does not fit in a buffer of `maxBufferSize` bytes. */
export function planArena(tensors: readonly Lifetime[], maxBufferSize: number): Arena {
  const slabs: number[] = [];
  const placements: Placement[] = [];
  const order = tensors.map((_, i) => i).sort((a, b) => at(tensors, a).from - at(tensors, b).from || a - b);
  for (const index of order) {
    const tensor = at(tensors, index);
    if (tensor.bytes > maxBufferSize)
      throw limitTooSmall(`tensor ${tensor.name}`, "maxBufferSize", tensor.bytes, maxBufferSize);
    let best: (Placement & { growth: number }) | undefined;
    for (let slab = 0; slab <= slabs.length; slab++) {
      const placed = order.filter((j) => placements[j]?.slab === slab);
      if (placed.some((j) => tensor.apart.has(j) || at(tensors, j).apart.has(index))) continue;
      const alive = placed.filter((j) => at(tensors, j).to >= tensor.from && at(tensors, j).from <= tensor.to);
      const taken = alive.map((j) => ({
        offset: at(placements, j).offset,
        end: at(placements, j).offset + at(tensors, j).bytes,
      }));
      const offset = firstFit(taken, tensor.bytes);
      if (offset + tensor.bytes > maxBufferSize) continue;
      const growth = Math.max(0, offset + tensor.bytes - (slabs[slab] ?? 0));
      if (!best || growth < best.growth) best = { slab, offset, growth };
    }
    if (!best) throw limitTooSmall(`tensor ${tensor.name}`, "maxBufferSize", tensor.bytes, maxBufferSize);
    placements[index] = { slab: best.slab, offset: best.offset };
    slabs[best.slab] = Math.max(slabs[best.slab] ?? 0, best.offset + tensor.bytes);
  }
  return { placements, slabs };
}

function at<T>(list: readonly T[], index: number): T {
  return list[index] as T;
}
