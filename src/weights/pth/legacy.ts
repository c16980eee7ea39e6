/**
 * torch.save of 0.1.10 to 1.5, which torchvision's fcn_resnet101_coco-7ecb50ca.pth uses: five pickles in turn (magic,
 * protocol, sys_info, object, storage keys), then for each key an int64 count and the raw elements.
 * https://github.com/pytorch/pytorch/blob/main/torch/serialization.py (_legacy_save, _legacy_load)
 */

import type { Checkpoint } from "../checkpoint.js";
import { DTYPE_BYTES } from "../dtype.js";
import { badWeights, quote } from "../source.js";
import type { ByteSource } from "../source.js";
import { storageFromId } from "./globals.js";
import { makeCheckpoint } from "./pth-checkpoint.js";
import type { StorageStore } from "./pth-checkpoint.js";
import { checkLittleEndian, readPickle } from "./read-pickle.js";
import { Dict, Sequence, wholeNumber } from "./values.js";
import type { Value, StorageRef } from "./values.js";

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

/** Where each storage lies. Counts come from the pickle, so no storage is touched before a tensor of it is read. */
function layOut(
  source: ByteSource,
  keys: Value,
  start: number,
  seen: ReadonlyMap<string, StorageRef>,
): Map<string, { ref: StorageRef; at: number }> {
  const file = source.name;
  if (!(keys instanceof Sequence)) throw badWeights(file, "its list of storages is missing");
  const places = new Map<string, { ref: StorageRef; at: number }>();
  let at = start;
  for (const key of keys.items) {
    const ref = typeof key === "string" ? seen.get(key) : undefined;
    if (ref === undefined || places.has(ref.key)) {
      throw badWeights(
        file,
        `its list of storages names ${typeof key === "string" ? quote(key) : "something"} that no tensor uses, or names it twice`,
      );
    }
    places.set(ref.key, { ref, at });
    at += 8 + ref.rootBytes;
    if (at > source.size)
      throw badWeights(
        file,
        `storage ${quote(ref.key)} ends at byte ${at}, but the file has ${source.size}; it is cut off`,
      );
  }
  return places;
}

/** Opens a legacy checkpoint. Throws `bad-weights`. */
export async function openLegacyCheckpoint(source: ByteSource): Promise<Checkpoint> {
  const { name: file, size } = source;
  const seen = new Map<string, StorageRef>();
  const persistent = (id: Value): Value | undefined => {
    const ref = storageFromId(id);
    if (ref === undefined) return undefined;
    const known = seen.get(ref.key);
    if (known === undefined) seen.set(ref.key, ref);
    return known !== undefined && (known.rootBytes !== ref.rootBytes || known.dtype !== ref.dtype) ? undefined : ref;
  };
  const context = { file, persistent };
  const magic = await readPickle(source, 0, size, 64, context);
  if (magic.value !== MAGIC) {
    throw badWeights(
      file,
      "it is a Python pickle, but not one of torch.save; save a state dict with torch.save or as safetensors",
    );
  }
  const protocol = await readPickle(source, magic.end, size, 64, context);
  if (protocol.value !== PROTOCOL) {
    throw badWeights(
      file,
      `its legacy format says protocol ${wholeNumber(protocol.value) ?? "nothing"}, ${PROTOCOL} is known`,
    );
  }
  const info = await readPickle(source, protocol.end, size, 1024, context);
  checkLittleEndian(info.value instanceof Dict ? info.value.entries : [], file);
  const object = await readPickle(source, info.end, size, 256 * 1024, context);
  const keys = await readPickle(source, object.end, size, 64 * 1024, context);
  const places = layOut(source, keys.value, keys.end, seen);

  const store: StorageStore = {
    byteLength: (key) => places.get(key)?.ref.rootBytes,
    async read(key, offset, length) {
      const place = places.get(key);
      if (place === undefined) throw badWeights(file, `storage ${quote(key)} is missing from the file`);
      const { ref, at } = place;
      const stored = new DataView((await source.read(at, 8)).buffer).getBigUint64(0, true);
      const count = ref.rootBytes / DTYPE_BYTES[ref.dtype];
      if (stored !== BigInt(count))
        throw badWeights(file, `storage ${quote(key)} should have ${count} elements and says ${stored}`);
      return source.read(at + 8 + offset, length);
    },
  };
  return makeCheckpoint(source, "pth-legacy", object.value, store);
}
