/**
 * torch.save of 0.1.10 to 1.5, which torchvision's fcn_resnet101_coco-7ecb50ca.pth uses: five pickles in turn (magic,
 * protocol, sys_info, object, storage keys), then for each key an int64 count and the raw elements.
 * https://github.com/pytorch/pytorch/blob/main/torch/serialization.py (_legacy_save, _legacy_load)
 */

import { readU64 } from "../bytes.js";
import type { Checkpoint } from "../checkpoint.js";
import { dtypeBits } from "../dtype.js";
import { badWeights, quote } from "../source.js";
import type { ByteSource } from "../source.js";
import { makeCheckpoint } from "./pth-checkpoint.js";
import type { StorageStore } from "./pth-checkpoint.js";
import { checkLittleEndian, readPickle } from "./read-pickle.js";
import { storageFromId } from "./reduce.js";
import { Sequence, wholeNumber } from "./values.js";
import type { PickleValue, StorageRef } from "./values.js";

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;
/** Bytes of the count in front of a storage's elements. */
const COUNT_BYTES = 8;

/** Opens a legacy checkpoint. @throws bad-weights */
export async function openLegacyCheckpoint(source: ByteSource, stateDict?: string): Promise<Checkpoint> {
  const { name: file, size } = source;
  const seen = new Map<string, StorageRef>();
  const context = { file, persistent: (id: PickleValue) => storageOnce(id, seen) };

  let position = 0;
  const nextPickle = async (window: number): Promise<PickleValue> => {
    const { value, end } = await readPickle(source, { start: position, limit: size, window }, context);
    position = end;
    return value;
  };
  if ((await nextPickle(64)) !== MAGIC) {
    const cure = "save a state dict with torch.save or as safetensors";
    throw badWeights(file, `it is a Python pickle, but not one of torch.save; ${cure}`);
  }
  const protocol = await nextPickle(64);
  if (protocol !== PROTOCOL) {
    const found = wholeNumber(protocol) ?? "no number";
    throw badWeights(file, `its legacy format has protocol ${found}; this reader knows ${PROTOCOL}`);
  }
  checkLittleEndian(await nextPickle(1024), file);
  const object = await nextPickle(256 * 1024);
  const keys = await nextPickle(64 * 1024);
  const places = placeStorages(source, keys, position, seen);

  const store: StorageStore = {
    byteLength: (key) => places.get(key)?.storage.rootBytes,
    async read(key, offset, length) {
      const place = places.get(key);
      if (place === undefined) throw badWeights(file, `storage ${quote(key)} is missing from the file`);
      const { storage, start } = place;
      const stored = await readU64(source, start);
      const count = storage.rootBytes / (dtypeBits(storage.dtype) / 8);
      if (stored !== BigInt(count))
        throw badWeights(file, `storage ${quote(key)} should have ${count} elements and says ${stored}`);
      return source.read(start + COUNT_BYTES + offset, length);
    },
  };
  return makeCheckpoint(source, { container: "pth-legacy", root: object, store, stateDict });
}

/**
 * The storage of a persistent id; undefined for other ids, and for a size or dtype that differs from the first time.
 */
function storageOnce(id: PickleValue, seen: Map<string, StorageRef>): StorageRef | undefined {
  const storage = storageFromId(id);
  if (storage === undefined) return undefined;
  const known = seen.get(storage.key);
  if (known === undefined) {
    seen.set(storage.key, storage);
    return storage;
  }
  return known.rootBytes === storage.rootBytes && known.dtype === storage.dtype ? storage : undefined;
}

interface StoragePlace {
  readonly storage: StorageRef;
  /** Position of its count. */
  readonly start: number;
}

/** Where each storage lies. Counts come from the pickle, so no storage is touched before a tensor of it is read. */
function placeStorages(
  source: ByteSource,
  keys: PickleValue,
  start: number,
  seen: ReadonlyMap<string, StorageRef>,
): Map<string, StoragePlace> {
  const { name: file, size } = source;
  if (!(keys instanceof Sequence)) throw badWeights(file, "its list of storages is missing");
  const places = new Map<string, StoragePlace>();
  let next = start;
  for (const key of keys.items) {
    const storage = typeof key === "string" ? seen.get(key) : undefined;
    if (storage === undefined || places.has(storage.key)) {
      const named = typeof key === "string" ? quote(key) : "something";
      throw badWeights(file, `its list of storages names ${named} that no tensor uses, or names it twice`);
    }
    places.set(storage.key, { storage, start: next });
    next += COUNT_BYTES + storage.rootBytes;
    if (next > size) {
      const end = `storage ${quote(storage.key)} ends at byte ${next}, but the file has ${size}`;
      throw badWeights(file, `${end}; it is cut off`);
    }
  }
  if (next !== size) {
    const behind = `its last storage ends at byte ${next}, and ${size - next} bytes follow that belong to no tensor`;
    throw badWeights(file, `${behind}; it is damaged or several files in one, so save or download it again`);
  }
  return places;
}
