/** Checkpoints without heads that are of other classes, or of a backbone that has changed since. */
import type { Checkpoint } from "../weights/checkpoint.js";
import { isHead } from "../weights/heads.js";

/** The checkpoint without tensors of heads that `keep` does not want. */
export function withoutHeads(file: Checkpoint, keep: (name: string) => boolean = () => false): Checkpoint {
  const kept = [...file.tensors].filter(([name]) => !isHead(name) || keep(name));
  return { ...file, tensors: new Map(kept), close: () => file.close() };
}
