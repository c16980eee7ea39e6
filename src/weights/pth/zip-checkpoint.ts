/**
 * torch.save since 1.6: a zip with `ROOT/data.pkl`, one `ROOT/data/KEY` per storage, `ROOT/version`, `ROOT/byteorder`.
 * https://github.com/pytorch/pytorch/blob/main/torch/serialization.py (_save, _load)
 */

import type { Checkpoint } from "../checkpoint.js";
import { badWeights, quote } from "../source.js";
import type { ByteSource } from "../source.js";
import { storageFromId } from "./globals.js";
import { growthLimit, makeCheckpoint } from "./pth-checkpoint.js";
import { PICKLE_LIMIT, unpickleWhole } from "./read-pickle.js";
import { ZipArchive } from "./zip.js";

/** Opens a zip checkpoint. Throws `bad-weights`. */
export async function openZipCheckpoint(source: ByteSource): Promise<Checkpoint> {
  const file = source.name;
  const zip = await ZipArchive.open(source, growthLimit(source.size));
  const pickles = [...zip.members.values()].filter(({ name }) => /^(?:[^/]+\/)?data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (pickle === undefined || pickles.length > 1) {
    const first = [...zip.members.keys()]
      .slice(0, 4)
      .map((name) => quote(name, 40))
      .join(", ");
    throw badWeights(
      file,
      `a zip file of torch.save has one data.pkl, this one has ${pickles.length} (its members: ${first || "none"})`,
    );
  }
  const root = pickle.name.slice(0, -"data.pkl".length);
  if (zip.members.has(`${root}constants.pkl`)) {
    throw badWeights(file, "it is a TorchScript program, not a checkpoint; save model.state_dict() instead");
  }
  const order = zip.members.get(`${root}byteorder`);
  if (order !== undefined) {
    const text = order.size <= 16 ? new TextDecoder().decode(await zip.read(order)).trim() : `${order.size} bytes`;
    if (text !== "little") throw badWeights(file, `its byte order is ${quote(text)}; only "little" can be read`);
  }
  if (pickle.size > PICKLE_LIMIT)
    throw badWeights(file, `its data.pkl has ${pickle.size} bytes, more than ${PICKLE_LIMIT}`);
  const value = unpickleWhole(await zip.read(pickle), { file, persistent: storageFromId });
  return makeCheckpoint(source, "pth-zip", value, {
    byteLength: (key) => zip.members.get(`${root}data/${key}`)?.size,
    read(key, offset, length) {
      const member = zip.members.get(`${root}data/${key}`);
      if (member === undefined) throw badWeights(file, `storage ${quote(key)} is missing from the file`);
      return zip.read(member, offset, length);
    },
  });
}
