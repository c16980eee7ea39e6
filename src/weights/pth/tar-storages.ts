/** The member `storages` of a tar checkpoint: where each storage's elements lie, and views of storages. */

import { readU64 } from "../bytes.js";
import { dtypeBits } from "../dtype.js";
import { badWeights, quote } from "../source.js";
import type { ByteSource } from "../source.js";
import type { PickleContext } from "./pickle-machine.js";
import { readPickle } from "./read-pickle.js";
import type { TarMember } from "./tar.js";
import { GlobalRef, StorageRef, itemsOf, wholeNumber } from "./values.js";
import type { ByteWindow, PickleValue } from "./values.js";

export interface TarStorages {
  /** Storages and views by key. */
  readonly refs: Map<string, StorageRef>;
  /** Position in the file of each root storage's elements. */
  readonly places: Map<string, ByteWindow>;
}

/** Keys are addresses, written as ints in one place and as text in another. */
export function keyOf(value: PickleValue | undefined): string | undefined {
  const isAddress = typeof value === "bigint" && value >= 0n && value < 2n ** 64n; // longer ones are slow to write
  const isKey = typeof value === "string" || typeof value === "number" || isAddress;
  return isKey ? String(value) : undefined;
}

/** For the members other than `pickle`, which refer to nothing outside themselves. */
export function withoutReferences(file: string): PickleContext {
  return { file, persistent: () => undefined };
}

/** @throws bad-weights */
export async function readStorages(source: ByteSource, member: TarMember): Promise<TarStorages> {
  const context = withoutReferences(source.name);
  const limit = member.offset + member.size;
  const refs = new Map<string, StorageRef>();
  const places = new Map<string, ByteWindow>();
  const counted = await readPickle(source, { start: member.offset, limit, window: 64 }, context);
  const count = wholeNumber(counted.value) ?? 0;
  let position = counted.end;
  for (let i = 0; i < count; i++) {
    const head = await readPickle(source, { start: position, limit, window: 256 }, context);
    const [id, , type] = itemsOf(head.value);
    const key = keyOf(id);
    if (key === undefined || !(type instanceof GlobalRef) || type.role.kind !== "storage")
      throw badWeights(source.name, `storage ${i} of ${count} has no key and type`);
    const { dtype } = type.role;
    const place = await placeElements(source, { key, start: head.end, limit, width: dtypeBits(dtype) / 8 });
    refs.set(key, new StorageRef(key, dtype, place.byteLength));
    places.set(key, place);
    position = place.start + place.byteLength;
  }
  const views = await readPickle(source, { start: position, limit, window: 1024 }, context);
  for (const view of itemsOf(views.value)) addView(view, refs, source.name);
  return { refs, places };
}

/** A storage as its member has it: `start` is the position of its count. */
interface StoredElements {
  readonly key: string;
  readonly start: number;
  readonly limit: number;
  /** Bytes of an element. */
  readonly width: number;
}

/** Where the elements lie. @throws bad-weights when the member ends before them */
async function placeElements(source: ByteSource, { key, start, limit, width }: StoredElements): Promise<ByteWindow> {
  const first = start + 8; // the count is an int64
  if (first > limit) throw badWeights(source.name, `storage ${quote(key)} has no count; the file may be cut off`);
  const numel = await readU64(source, start);
  const left = limit - first;
  if (numel > BigInt(Math.floor(left / width))) {
    const claim = `storage ${quote(key)} claims ${numel} elements, but ${left} bytes are left`;
    throw badWeights(source.name, `${claim}; the file may be cut off`);
  }
  return { start: first, byteLength: Number(numel) * width };
}

/** A view is (key, key of the storage, first element, elements). @throws bad-weights */
function addView(view: PickleValue, refs: Map<string, StorageRef>, file: string): void {
  const [id, rootId, from, elements] = itemsOf(view);
  const key = keyOf(id);
  const root = refs.get(keyOf(rootId) ?? "");
  const first = wholeNumber(from);
  const count = wholeNumber(elements);
  if (key !== undefined && root !== undefined && first !== undefined && count !== undefined) {
    const width = dtypeBits(root.dtype) / 8;
    const { start, byteLength } = root.window;
    if ((first + count) * width <= byteLength) {
      const window = { start: start + first * width, byteLength: count * width };
      refs.set(key, new StorageRef(root.key, root.dtype, root.rootBytes, window));
      return;
    }
  }
  throw badWeights(file, "a view of its storages does not fit the storage it names");
}
