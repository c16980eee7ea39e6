/**
 * Checkpoints of a network that torch.nn.utils.prune is still pruning: each pruned tensor is kept as it was
 * (`weight_orig`), beside a mask of zeros and ones (`weight_mask`). Here they are one tensor, their product.
 */

import type { Checkpoint, TensorInfo } from "./checkpoint.js";

const ORIGINAL = "_orig";
const MASK = "_mask";

/** The checkpoint with each pair as one tensor in the place of the first; itself where there are none. */
export function unpruned(file: Checkpoint): Checkpoint {
  const pairs = new Map<string, string>();
  const tensors = new Map<string, TensorInfo>();
  for (const info of file.tensors.values()) {
    const base = baseOf(file, info.name);
    if (base === undefined) tensors.set(info.name, info);
    else if (!info.name.endsWith(MASK)) {
      pairs.set(base, info.name);
      tensors.set(base, { ...info, name: base });
    }
  }
  if (pairs.size === 0) return file;
  const { container, name, bytes, metadata } = file;
  return {
    ...{ container, name, bytes, metadata, tensors },
    read: (wanted) => product(wanted, pairs, (part) => file.read(part)),
    readSlices: (wanted, first, count) => product(wanted, pairs, (part) => file.readSlices(part, first, count)),
    readFloat64: (wanted) => product(wanted, pairs, (part) => file.readFloat64(part)),
    close: () => file.close(),
  };
}

/** The name of the product that the tensor is a part of; undefined for all that are none. */
function baseOf({ tensors }: Checkpoint, name: string): string | undefined {
  const isPart = name.endsWith(ORIGINAL) || name.endsWith(MASK);
  if (!isPart) return undefined;
  const base = name.slice(0, -ORIGINAL.length);
  const original = tensors.get(base + ORIGINAL);
  const mask = tensors.get(base + MASK);
  return original && !tensors.has(base) && original.shape.join() === mask?.shape.join() ? base : undefined;
}

async function product<T extends Float32Array | Float64Array>(
  wanted: string,
  pairs: ReadonlyMap<string, string>,
  read: (name: string) => Promise<T>,
): Promise<T> {
  const original = pairs.get(wanted);
  if (original === undefined) return read(wanted);
  const [values, mask] = await Promise.all([read(original), read(wanted + MASK)]);
  for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? NaN) * (mask[i] ?? NaN);
  return values;
}
