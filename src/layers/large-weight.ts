/**
 * Large weights go to the device piece by piece, so that the host never holds one as a whole: fc6 of VGG-16 has 411 MB.
 * Where a packing scatters a channel over the result, the packed whole is on the host, but not the weight beside it.
 */
import type { Device } from "../gpu/device.js";
import { destroy } from "../gpu/memory.js";
import type { Memory } from "../gpu/memory.js";
import { upload, weightMemory } from "../gpu/upload.js";
import type { AnyProblem } from "../kernel/problem.js";
import { elements } from "../kernel/shape.js";
import type { Shape } from "../kernel/shape.js";
import { TEXEL_BYTES, WEIGHT_TEXTURE_WIDTH } from "../kernel/texture.js";
import type { Packing } from "../kernel/variant.js";
import type { Weight } from "../kernel/weight.js";
import { checkedCount } from "../plan/weight-store.js";
import type { LargeWeight } from "../plan/weight-store.js";

/**
 * Bytes of a piece as it is read. With larger ones the host's memory peaks higher: pieces of 8 MiB outlive young
 * generations of the garbage collector (measured in Node: 40 MB more).
 */
const PIECE = 2 * 2 ** 20;

type Packed = Float32Array | Uint32Array;

interface Piece {
  /** Bytes of the packed weight before it. */
  readonly offset: number;
  readonly packed: Packed;
}

/** A weight of which slices of the first axis can be read. */
type SlicedWeight = Weight & Required<Pick<Weight, "readSlices">>;

const canBeSliced = (weight: Weight): weight is SlicedWeight => weight.readSlices !== undefined;

/** The weight, which goes to the device in pieces where its slices can be read. */
export function largeWeight(weight: Weight): Weight | LargeWeight {
  if (!canBeSliced(weight)) return weight;
  const { name, shape } = weight;
  return {
    name,
    shape,
    read: () => weight.read(),
    readSlices: (first, count) => weight.readSlices(first, count),
    upload: (device, packing, problem) => uploadPieces(device, weight, packing, problem),
  };
}

/** Slices of the first axis as a weight of their own. */
export function slicesOf(weight: Weight, first: number, count: number): Weight {
  const shape = [count, ...weight.shape.slice(1)];
  const name = `${weight.name}[${first}:${first + count}]`;
  if (canBeSliced(weight)) {
    const readSlices = (from: number, some: number): Promise<Float32Array> => weight.readSlices(first + from, some);
    return largeWeight({ name, shape, read: () => readSlices(0, count), readSlices });
  }
  const slice = elements(shape.slice(1));
  return { name, shape, read: async () => (await weight.read()).subarray(first * slice, (first + count) * slice) };
}

async function uploadPieces(
  device: Device,
  weight: SlicedWeight,
  packing: Packing,
  problem: AnyProblem,
): Promise<Memory> {
  const { name, shape } = weight;
  const bytes = packing.bytes?.(shape, problem);
  if (bytes === undefined) {
    const data = checkedCount(name, shape, await weight.read());
    return device.scoped(`weight ${name}`, () => upload(device, name, packing, packing.pack(data, shape, problem)));
  }
  const memory = await device.scoped(`weight ${name}`, () => weightMemory(device, name, packing, bytes));
  try {
    const pieces = packing.packInto ? piecesOfWhole(weight, packing, bytes) : piecesInOrder(weight, packing, problem);
    for await (const piece of pieces) {
      await device.scoped(`weight ${name}`, () => writePiece(device, memory, piece));
      // Until the device has a piece, the driver keeps a copy of it.
      await device.settle(device.gpu.queue.onSubmittedWorkDone());
    }
    return memory;
  } catch (error) {
    destroy(memory);
    throw error;
  }
}

/** Reads the weight in pieces of whole groups of slices. */
async function* readPieces(weight: SlicedWeight, group: number): AsyncGenerator<{ first: number; data: Float32Array }> {
  const [slices = 0, ...slice] = weight.shape;
  const bytes = elements(slice) * Float32Array.BYTES_PER_ELEMENT;
  const step = Math.max(1, Math.floor(PIECE / bytes / group)) * group;
  for (let first = 0; first < slices; first += step) {
    const count = Math.min(step, slices - first);
    const data = checkedCount(weight.name, [count, ...slice], await weight.readSlices(first, count));
    yield { first, data };
  }
}

/** Slices lie in order in the result, or come as one piece where the packing does not say. */
async function* piecesInOrder(weight: SlicedWeight, packing: Packing, problem: AnyProblem): AsyncGenerator<Piece> {
  const [slices = 0, ...slice] = weight.shape;
  let offset = 0;
  for await (const { data } of readPieces(weight, packing.group ?? slices)) {
    const shape: Shape = [data.length / elements(slice), ...slice];
    const packed = packing.pack(data, shape, problem);
    yield { offset, packed };
    offset += packed.byteLength;
  }
}

/** Slices are scattered over the result, which is uploaded once it is complete. */
async function* piecesOfWhole(weight: SlicedWeight, packing: Packing, bytes: number): AsyncGenerator<Piece> {
  const packed = packing.precision === "f16" ? new Uint32Array(bytes / 4) : new Float32Array(bytes / 4);
  for await (const { first, data } of readPieces(weight, 1)) packing.packInto?.(packed, data, weight.shape, first);
  const step = PIECE / packed.BYTES_PER_ELEMENT;
  for (let at = 0; at < packed.length; at += step)
    yield { offset: at * packed.BYTES_PER_ELEMENT, packed: packed.subarray(at, at + step) };
}

/** Writes a part of a packed weight. In textures the offset is a multiple of a texel's bytes. */
function writePiece(device: Device, memory: Memory, { offset, packed }: Piece): void {
  const { queue } = device.gpu;
  const source = packed.buffer as ArrayBuffer;
  const { byteOffset, byteLength } = packed;
  if (memory.kind === "buffer") {
    queue.writeBuffer(memory.buffer, memory.offset + offset, source, byteOffset, byteLength);
    return;
  }
  const { texture } = memory;
  const layout = { bytesPerRow: WEIGHT_TEXTURE_WIDTH * TEXEL_BYTES };
  const end = (offset + byteLength) / TEXEL_BYTES;
  let texel = offset / TEXEL_BYTES;
  // The rest of a row, whole rows, and the begin of one.
  while (texel < end) {
    const x = texel % WEIGHT_TEXTURE_WIDTH;
    const rows = x === 0 ? Math.floor((end - texel) / WEIGHT_TEXTURE_WIDTH) : 0;
    const width = rows > 0 ? WEIGHT_TEXTURE_WIDTH : Math.min(WEIGHT_TEXTURE_WIDTH - x, end - texel);
    const height = Math.max(rows, 1);
    const origin = [x, (texel - x) / WEIGHT_TEXTURE_WIDTH];
    const at = byteOffset + texel * TEXEL_BYTES - offset;
    queue.writeTexture({ texture, origin }, source, { ...layout, offset: at }, [width, height]);
    texel += width * height;
  }
}
