/** A checkpoint under other names. */

import { noSuchTensor } from "./checkpoint.js";
import type { Checkpoint, TensorInfo } from "./checkpoint.js";

/** The same file under other names; `names` maps ours to the file's, in file order. */
export function renamed(file: Checkpoint, names: ReadonlyMap<string, string>): Checkpoint {
  const tensors = new Map<string, TensorInfo>();
  for (const [ours, theirs] of names) tensors.set(ours, { ...(file.tensors.get(theirs) as TensorInfo), name: ours });
  const nameInFile = (ours: string): string => {
    const theirs = names.get(ours);
    if (theirs === undefined) throw noSuchTensor(file.name, ours);
    return theirs;
  };
  return {
    container: file.container,
    name: file.name,
    bytes: file.bytes,
    metadata: file.metadata,
    tensors,
    read: async (name) => file.read(nameInFile(name)),
    readFloat64: async (name) => file.readFloat64(nameInFile(name)),
    close: () => file.close(),
  };
}
