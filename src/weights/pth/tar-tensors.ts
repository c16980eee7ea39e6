/** The member `tensors` of a tar checkpoint: which storage each tensor views, and how. */

import { viewOf } from "../bytes.js";
import { MAX_RANK } from "../checkpoint.js";
import { badWeights } from "../source.js";
import type { ByteSource } from "../source.js";
import { PICKLE_LIMIT, unpickleAt } from "./read-pickle.js";
import type { StridedView } from "./strided.js";
import { keyOf, withoutReferences } from "./tar-storages.js";
import type { TarMember } from "./tar.js";
import { TensorRef, itemsOf, wholeNumber } from "./values.js";
import type { StorageRef } from "./values.js";

/** The tensors by key. @throws bad-weights */
export async function readTensors(
  source: ByteSource,
  member: TarMember,
  storages: ReadonlyMap<string, StorageRef>,
): Promise<Map<string, TensorRef>> {
  const file = source.name;
  if (member.size > PICKLE_LIMIT)
    throw badWeights(file, `its member "tensors" has ${member.size} bytes, more than ${PICKLE_LIMIT}`);
  const bytes = await source.read(member.offset, member.size);
  const context = withoutReferences(file);
  const tensors = new Map<string, TensorRef>();
  const counted = unpickleAt(bytes, 0, context);
  const count = wholeNumber(counted.value) ?? 0;
  let position = counted.end;
  for (let i = 0; i < count; i++) {
    const head = unpickleAt(bytes, position, context);
    const [id, storageId] = itemsOf(head.value);
    const key = keyOf(id);
    const storage = storages.get(keyOf(storageId) ?? "");
    if (key === undefined || storage === undefined)
      throw badWeights(file, `tensor ${i} of ${count} names a storage that is missing`);
    const { view, end } = readView(bytes, head.end, (fault) => badWeights(file, `tensor ${i} of ${count} ${fault}`));
    tensors.set(key, new TensorRef(storage, storage.dtype, view));
    position = end;
  }
  return tensors;
}

/** int32 rank, 4 bytes of padding, then int64 sizes, strides and offset. */
function readView(
  bytes: Uint8Array,
  start: number,
  fault: (what: string) => Error,
): { readonly view: StridedView; readonly end: number } {
  const data = viewOf(bytes);
  const first = start + 8;
  const rank = first <= bytes.length ? data.getUint32(start, true) : undefined;
  const count = 2 * (rank ?? 0) + 1;
  const end = first + 8 * count;
  if (rank === undefined || rank > MAX_RANK || end > bytes.length)
    throw fault(`has ${rank ?? "no"} dimensions, or is cut off`);
  const numbers: number[] = [];
  for (let i = 0; i < count; i++) {
    const number = wholeNumber(data.getBigInt64(first + 8 * i, true));
    if (number === undefined) throw fault("has a negative size, stride or offset");
    numbers.push(number);
  }
  const offset = numbers[2 * rank] ?? 0;
  return { view: { offset, shape: numbers.slice(0, rank), strides: numbers.slice(rank, 2 * rank) }, end };
}
