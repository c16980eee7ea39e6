/**
 * torch.save before 0.1.10, still served as torchvision's resnet101-5d3b4d8f.pth: a tar of four members.
 *   sys_info  a pickled dict
 *   storages  count; then per storage a pickled (key, location, type), an int64 count and raw elements; then views
 *   tensors   count; then per tensor a pickled (key, storage, type), rank, sizes, strides and offset
 *   pickle    the object, which refers to tensors by key
 * https://github.com/pytorch/pytorch/blob/main/torch/serialization.py (legacy_load)
 */

import type { Checkpoint } from "../checkpoint.js";
import { badWeights, quote, quoteFirst } from "../source.js";
import type { ByteSource } from "../source.js";
import { makeCheckpoint } from "./pth-checkpoint.js";
import type { StorageStore } from "./pth-checkpoint.js";
import { checkLittleEndian, readPickle } from "./read-pickle.js";
import { keyOf, readStorages } from "./tar-storages.js";
import { readTensors } from "./tar-tensors.js";
import { listTar } from "./tar.js";
import type { TarMember } from "./tar.js";
import type { PickleValue } from "./values.js";

/** Opens a tar checkpoint. @throws bad-weights */
export async function openTarCheckpoint(source: ByteSource, stateDict?: string): Promise<Checkpoint> {
  const file = source.name;
  const members = await listTar(source);
  const member = (name: string): TarMember => members.get(name) ?? missingMember(name, members, file);
  const sysInfo = member("sys_info");
  const storagesMember = member("storages");
  const tensorsMember = member("tensors");
  const pickle = member("pickle");

  const info = await readPickle(source, { ...spanOf(sysInfo), window: 1024 }, { file, persistent: () => undefined });
  checkLittleEndian(info.value, file);
  const { refs, places } = await readStorages(source, storagesMember);
  const tensors = await readTensors(source, tensorsMember, refs);
  const persistent = (id: PickleValue): PickleValue | undefined => {
    const key = keyOf(id);
    return key === undefined ? undefined : (tensors.get(key) ?? refs.get(key));
  };
  const root = await readPickle(source, { ...spanOf(pickle), window: 256 * 1024 }, { file, persistent });
  const store: StorageStore = {
    byteLength: (key) => places.get(key)?.byteLength,
    async read(key, offset, length) {
      const place = places.get(key);
      if (place === undefined || offset + length > place.byteLength)
        throw badWeights(file, `storage ${quote(key)} is missing or too short`);
      return source.read(place.start + offset, length);
    },
  };
  return makeCheckpoint(source, { container: "pth-tar", root: root.value, store, stateDict });
}

function spanOf({ offset, size }: TarMember): { start: number; limit: number } {
  return { start: offset, limit: offset + size };
}

function missingMember(name: string, members: ReadonlyMap<string, TarMember>, file: string): never {
  const found = quoteFirst(members.keys(), 40) || "none";
  throw badWeights(
    file,
    `a tar file of torch.save has a member ${quote(name)}, this one has ${found}; it may be cut off`,
  );
}
