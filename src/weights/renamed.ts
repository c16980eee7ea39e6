/** A checkpoint under other names. */

import { noSuchTensor } from "./checkpoint.js";
import type { Checkpoint, TensorInfo } from "./checkpoint.js";

/** What may change besides names. */
export interface RenameChanges {
  /** Default: the file's. */
  readonly metadata?: ReadonlyMap<string, string>;
  /** The shape of a tensor under its new name. Its values and its first axis stay. Default: the file's. */
  readonly shapeOf?: ((info: TensorInfo) => readonly number[]) | undefined;
}

/** The same file under other names; `names` maps ours to the file's, in file order. */
export function renamed(
  file: Checkpoint,
  names: ReadonlyMap<string, string>,
  { metadata = file.metadata, shapeOf = ({ shape }) => shape }: RenameChanges = {},
): Checkpoint {
  const tensors = new Map<string, TensorInfo>();
  for (const [ours, theirs] of names) {
    const info = { ...(file.tensors.get(theirs) as TensorInfo), name: ours };
    tensors.set(ours, { ...info, shape: shapeOf(info) });
  }
  const nameInFile = (ours: string): string => {
    const theirs = names.get(ours);
    if (theirs === undefined) throw noSuchTensor(file.name, ours);
    return theirs;
  };
  return {
    container: file.container,
    name: file.name,
    bytes: file.bytes,
    metadata,
    tensors,
    read: async (name) => file.read(nameInFile(name)),
    readSlices: async (name, first, count) => file.readSlices(nameInFile(name), first, count),
    readFloat64: async (name) => file.readFloat64(nameInFile(name)),
    close: () => file.close(),
  };
}
