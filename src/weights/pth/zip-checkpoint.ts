/**
 * torch.save since 1.6: a zip with `ROOT/data.pkl`, one `ROOT/data/KEY` per storage, `ROOT/version`, `ROOT/byteorder`.
 * https://github.com/pytorch/pytorch/blob/main/torch/serialization.py (_save, _load)
 */

import type { Checkpoint } from "../checkpoint.js";
import { badWeights, quote, quoteFirst } from "../source.js";
import type { ByteSource } from "../source.js";
import { growthLimit, makeCheckpoint } from "./pth-checkpoint.js";
import type { StorageStore } from "./pth-checkpoint.js";
import { PICKLE_LIMIT, unpickleWhole } from "./read-pickle.js";
import { storageFromId } from "./reduce.js";
import type { ZipMember } from "./zip-directory.js";
import { ZipArchive } from "./zip.js";

/** Enough for "little" and "big". */
const MAX_BYTE_ORDER = 16;

/** Opens a zip checkpoint. @throws bad-weights */
export async function openZipCheckpoint(source: ByteSource, stateDict?: string): Promise<Checkpoint> {
  const file = source.name;
  const zip = await ZipArchive.open(source, growthLimit(source.size));
  const pickle = findPickle(zip, file);
  const root = pickle.name.slice(0, -"data.pkl".length);
  if (zip.members.has(`${root}constants.pkl`))
    throw badWeights(file, "it is a TorchScript program, not a checkpoint; save model.state_dict() instead");
  await checkByteOrder(zip, zip.members.get(`${root}byteorder`), file);
  if (pickle.size > PICKLE_LIMIT)
    throw badWeights(file, `its data.pkl has ${pickle.size} bytes, more than ${PICKLE_LIMIT}`);
  const value = unpickleWhole(await zip.read(pickle), { file, persistent: storageFromId });
  const memberOf = (key: string): ZipMember | undefined => zip.members.get(`${root}data/${key}`);
  const store: StorageStore = {
    byteLength: (key) => memberOf(key)?.size,
    read(key, offset, length) {
      const member = memberOf(key);
      if (member === undefined) throw badWeights(file, `storage ${quote(key)} is missing from the file`);
      return zip.read(member, offset, length);
    },
  };
  return makeCheckpoint(source, { container: "pth-zip", root: value, store, stateDict });
}

function findPickle({ members }: ZipArchive, file: string): ZipMember {
  const pickles = [...members.values()].filter(({ name }) => /^(?:[^/]+\/)?data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (pickle === undefined || pickles.length > 1) {
    const shown = quoteFirst(members.keys(), 40) || "none";
    const found = `this one has ${pickles.length} (its members: ${shown})`;
    throw badWeights(file, `a zip file of torch.save has one data.pkl, ${found}`);
  }
  return pickle;
}

/** Older files have no `byteorder` and are read as little-endian. */
async function checkByteOrder(zip: ZipArchive, member: ZipMember | undefined, file: string): Promise<void> {
  if (member === undefined) return;
  const isShort = member.size <= MAX_BYTE_ORDER;
  const order = isShort ? new TextDecoder().decode(await zip.read(member)).trim() : `${member.size} bytes`;
  if (order !== "little") throw badWeights(file, `its byte order is ${quote(order)}; only "little" can be read`);
}
