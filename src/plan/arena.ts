/**
 * Plans memory, without creating any: tensors with lifetimes become offsets in a few large buffers ("slabs"). WebGPU
 * forbids one dispatch to read and write the same GPUBuffer, even at ranges that do not overlap. So the input and
 * output tensors of a dispatch go to different slabs. A ResNet needs three.
 * https://www.w3.org/TR/webgpu/#programming-model-synchronization
 */
import { limitTooSmall } from "../base/errors.js";
import { alignUp } from "../kernel/shape.js";

export interface Lifetime {
  readonly name: string;
  readonly bytes: number;
  /** First and last step that use the tensor, inclusive. */
  readonly from: number;
  readonly to: number;
  /** Indices of tensors that must not share a slab with this one. */
  readonly apart: ReadonlySet<number>;
}

export interface Placement {
  readonly slab: number;
  readonly offset: number;
}

export interface Arena {
  readonly placements: readonly Placement[];
  /** Bytes of each slab. */
  readonly slabs: readonly number[];
}

/** Default of minStorageBufferOffsetAlignment. */
const ALIGNMENT = 256;

interface Range {
  readonly offset: number;
  readonly end: number;
}

/** The lowest offset of `bytes` in a slab that overlaps none of the ranges. */
function firstFit(taken: readonly Range[], bytes: number): number {
  let offset = 0;
  for (const range of [...taken].sort((a, b) => a.offset - b.offset)) {
    if (offset + bytes <= range.offset) break;
    offset = Math.max(offset, alignUp(range.end, ALIGNMENT));
  }
  return offset;
}

interface Placed extends Lifetime, Placement {
  readonly index: number;
}

const meet = (a: Lifetime, b: Lifetime): boolean => a.to >= b.from && a.from <= b.to;

/**
 * Places every tensor where its slab grows least.
 * @throws limit-too-small when a tensor exceeds `maxBufferSize` bytes
 */
export function planArena(tensors: readonly Lifetime[], maxBufferSize: number): Arena {
  const slabs: number[] = [];
  const placed: Placed[] = [];
  const placements: Placement[] = [];
  const order = [...tensors.entries()].sort(([i, a], [j, b]) => a.from - b.from || i - j);
  for (const [index, tensor] of order) {
    const best = bestPlace(tensor, index, placed, slabs, maxBufferSize);
    if (!best) throw limitTooSmall(`tensor ${tensor.name}`, "maxBufferSize", tensor.bytes, maxBufferSize);
    placements[index] = best;
    placed.push({ ...tensor, ...best, index });
    slabs[best.slab] = Math.max(slabs[best.slab] ?? 0, best.offset + tensor.bytes);
  }
  return { placements, slabs };
}

function bestPlace(
  tensor: Lifetime,
  index: number,
  placed: readonly Placed[],
  slabs: readonly number[],
  maxBufferSize: number,
): Placement | undefined {
  let best: Placement | undefined;
  let leastGrowth = Infinity;
  for (let slab = 0; slab <= slabs.length; slab++) {
    const neighbours = placed.filter((other) => other.slab === slab);
    if (neighbours.some((other) => tensor.apart.has(other.index) || other.apart.has(index))) continue;
    const alive = neighbours.filter((other) => meet(other, tensor));
    const offset = firstFit(
      alive.map((other) => ({ offset: other.offset, end: other.offset + other.bytes })),
      tensor.bytes,
    );
    const end = offset + tensor.bytes;
    if (end > maxBufferSize) continue;
    const growth = Math.max(0, end - (slabs[slab] ?? 0));
    if (growth >= leastGrowth) continue;
    leastGrowth = growth;
    best = { slab, offset };
  }
  return best;
}
