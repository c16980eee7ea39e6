/**
 * torch.save before 0.1.10, still served as torchvision's resnet101-5d3b4d8f.pth: a tar of `sys_info`, `storages`
 * (count, then a pickled (key, location, type), an int64 count and raw elements each, then views), `tensors` (count,
 * then a pickled (key, storage, type), rank, sizes, strides, offset each) and `pickle`, which refers to tensors by key.
 * https://github.com/pytorch/pytorch/blob/main/torch/serialization.py (legacy_load)
 */

import { MAX_RANK } from "../checkpoint.js";
import type { Checkpoint } from "../checkpoint.js";
import { DTYPE_BYTES } from "../dtype.js";
import { badWeights, quote } from "../source.js";
import type { ByteSource } from "../source.js";
import { makeCheckpoint } from "./pth-checkpoint.js";
import { checkLittleEndian, PICKLE_LIMIT, readPickle, unpickleAt } from "./read-pickle.js";
import { listTar } from "./tar.js";
import type { TarMember } from "./tar.js";
import { Dict, GlobalRef, Sequence, StorageRef, TensorRef, wholeNumber } from "./values.js";
import type { Value } from "./values.js";

/** Keys are addresses, written as ints in one place and as text in another. */
function keyOf(value: Value | undefined): string | undefined {
  return typeof value === "string" || typeof value === "number" || typeof value === "bigint"
    ? String(value)
    : undefined;
}

/** Nothing in these members but the state dict's own pickle refers to anything outside it. */
function plain(file: string): { file: string; persistent: () => undefined } {
  return { file, persistent: () => undefined };
}

interface Storages {
  readonly refs: Map<string, StorageRef>;
  /** Position in the file of each root storage's elements. */
  readonly places: Map<string, { at: number; byteLength: number }>;
}

async function readStorages(source: ByteSource, member: TarMember): Promise<Storages> {
  const file = source.name;
  const limit = member.offset + member.size;
  const refs = new Map<string, StorageRef>();
  const places = new Map<string, { at: number; byteLength: number }>();
  const counted = await readPickle(source, member.offset, limit, 64, plain(file));
  const count = wholeNumber(counted.value) ?? 0;
  let at = counted.end;
  for (let i = 0; i < count; i++) {
    const head = await readPickle(source, at, limit, 256, plain(file));
    const [id, , type] = head.value instanceof Sequence ? head.value.items : [];
    const key = keyOf(id);
    if (key === undefined || !(type instanceof GlobalRef) || type.role.kind !== "storage") {
      throw badWeights(file, `storage ${i} of ${count} has no key and type`);
    }
    if (head.end + 8 > limit) throw badWeights(file, `storage ${quote(key)} has no count; the file may be cut off`);
    const numel = new DataView((await source.read(head.end, 8)).buffer).getBigUint64(0, true);
    const start = head.end + 8;
    const width = DTYPE_BYTES[type.role.dtype];
    if (numel > BigInt(Math.floor((limit - start) / width))) {
      throw badWeights(
        file,
        `storage ${quote(key)} claims ${numel} elements, but ${limit - start} bytes are left; the file may be cut off`,
      );
    }
    const byteLength = Number(numel) * width;
    refs.set(key, new StorageRef(key, type.role.dtype, byteLength, 0, byteLength));
    places.set(key, { at: start, byteLength });
    at = start + byteLength;
  }
  const views = await readPickle(source, at, limit, 1024, plain(file));
  for (const view of views.value instanceof Sequence ? views.value.items : []) {
    const [id, root, first, size] = view instanceof Sequence ? view.items : [];
    const [key, from, numel, whole] = [keyOf(id), wholeNumber(first), wholeNumber(size), refs.get(keyOf(root) ?? "")];
    const width = whole === undefined ? 0 : DTYPE_BYTES[whole.dtype];
    if (
      key === undefined ||
      whole === undefined ||
      from === undefined ||
      numel === undefined ||
      (from + numel) * width > whole.byteLength
    ) {
      throw badWeights(file, "a view of its storages does not fit the storage it names");
    }
    refs.set(key, new StorageRef(whole.key, whole.dtype, whole.rootBytes, whole.start + from * width, numel * width));
  }
  return { refs, places };
}

async function readTensors(
  source: ByteSource,
  member: TarMember,
  storages: ReadonlyMap<string, StorageRef>,
): Promise<Map<string, TensorRef>> {
  const file = source.name;
  if (member.size > PICKLE_LIMIT)
    throw badWeights(file, `its member "tensors" has ${member.size} bytes, more than ${PICKLE_LIMIT}`);
  const bytes = await source.read(member.offset, member.size);
  const view = new DataView(bytes.buffer);
  const tensors = new Map<string, TensorRef>();
  const counted = unpickleAt(bytes, 0, plain(file));
  const count = wholeNumber(counted.value) ?? 0;
  let at = counted.end;
  for (let i = 0; i < count; i++) {
    const head = unpickleAt(bytes, at, plain(file));
    const [id, from] = head.value instanceof Sequence ? head.value.items : [];
    const [key, storage] = [keyOf(id), storages.get(keyOf(from) ?? "")];
    if (key === undefined || storage === undefined)
      throw badWeights(file, `tensor ${i} of ${count} names a storage that is missing`);
    at = head.end;
    // int32 rank, 4 bytes of padding, then int64 sizes, strides, offset.
    const rank = at + 8 <= bytes.length ? view.getUint32(at, true) : undefined;
    if (rank === undefined || rank > MAX_RANK || at + 8 + 8 * (2 * rank + 1) > bytes.length) {
      throw badWeights(file, `tensor ${i} of ${count} has ${rank ?? "no"} dimensions, or is cut off`);
    }
    const numbers = Array.from(
      { length: 2 * rank + 1 },
      (_, n) => wholeNumber(view.getBigInt64(at + 8 + 8 * n, true)) ?? -1,
    );
    if (numbers.includes(-1)) throw badWeights(file, `tensor ${i} of ${count} has a negative size, stride or offset`);
    tensors.set(
      key,
      new TensorRef(
        storage,
        storage.dtype,
        numbers[2 * rank] ?? 0,
        numbers.slice(0, rank),
        numbers.slice(rank, 2 * rank),
      ),
    );
    at += 8 + 8 * (2 * rank + 1);
  }
  return tensors;
}

/** Opens a tar checkpoint. Throws `bad-weights`. */
export async function openTarCheckpoint(source: ByteSource): Promise<Checkpoint> {
  const file = source.name;
  const members = await listTar(source);
  const need = (name: string): TarMember => {
    const member = members.get(name);
    if (member !== undefined) return member;
    const others = [...members.keys()]
      .slice(0, 4)
      .map((other) => quote(other, 40))
      .join(", ");
    throw badWeights(
      file,
      `a tar file of torch.save has a member ${quote(name)}, this one has ${others || "none"}; it may be cut off`,
    );
  };
  const [sysInfo, storagesMember, tensorsMember, pickle] = [
    need("sys_info"),
    need("storages"),
    need("tensors"),
    need("pickle"),
  ];
  const info = await readPickle(source, sysInfo.offset, sysInfo.offset + sysInfo.size, 1024, plain(file));
  checkLittleEndian(info.value instanceof Dict ? info.value.entries : [], file);
  const { refs, places } = await readStorages(source, storagesMember);
  const tensors = await readTensors(source, tensorsMember, refs);
  const persistent = (id: Value): Value | undefined => {
    const key = keyOf(id);
    return key === undefined ? undefined : (tensors.get(key) ?? refs.get(key));
  };
  const root = await readPickle(source, pickle.offset, pickle.offset + pickle.size, 256 * 1024, { file, persistent });
  return makeCheckpoint(source, "pth-tar", root.value, {
    byteLength: (key) => places.get(key)?.byteLength,
    async read(key, offset, length) {
      const place = places.get(key);
      if (place === undefined || offset + length > place.byteLength)
        throw badWeights(file, `storage ${quote(key)} is missing or too short`);
      return source.read(place.at + offset, length);
    },
  });
}
