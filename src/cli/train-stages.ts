/** What each stage of a training starts from: a checkpoint, and where there is one, the stage before. */
import { FcnError } from "../base/errors.js";
import type { FcnVariant } from "../models/fcn-head.js";
import { overlaid } from "../models/own-heads/overlaid.js";
import type { TensorInMemory } from "../models/own-heads/overlaid.js";
import { withFoldedNorms } from "../train/folded.js";
import { Learner } from "../train/learner.js";
import type { StageOrigin } from "../train/learner.js";
import { withoutHeads } from "../train/without-heads.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import type { Factors } from "../weights/fold-checkpoint.js";
import { isHead } from "../weights/heads.js";
import { recognise } from "../weights/names.js";
import { openCheckpoint } from "../weights/open.js";
import { localSource } from "../weights/source.js";

export interface StartOptions {
  readonly variant: FcnVariant;
  readonly classNames: readonly string[];
  readonly mode: "heads" | "all";
  readonly heads: "init" | "file";
}

/** A finished stage. */
export interface FinishedStage {
  readonly variant: FcnVariant;
  /** What Trainer.state() gave. */
  readonly state: Uint8Array;
}

export interface StageStart {
  readonly checkpoint: Checkpoint;
  readonly origin: StageOrigin;
}

/** Tensors of this library's heads. Those of pytorch-fcn's over VGG-16 do not name the network. */
const NAMED_HEAD = /^fcn(?:32|16|8)s\./;

/** The trained values in a state, without what the optimiser keeps of them: those are named below their weight. */
async function trainedValues(state: Uint8Array): Promise<Map<string, Float32Array<ArrayBuffer>>> {
  const file = await openCheckpoint(await localSource(state));
  try {
    const found = new Map<string, Float32Array<ArrayBuffer>>();
    for (const name of file.tensors.keys()) {
      const parent = name.slice(0, Math.max(0, name.lastIndexOf(".")));
      if (!file.tensors.has(parent)) found.set(name, Float32Array.from(await file.read(name)));
    }
    return found;
  } finally {
    await file.close();
  }
}

/** `values` in the place of the file's tensors of these names. */
function withValues(file: Checkpoint, values: ReadonlyMap<string, Float32Array<ArrayBuffer>>): Checkpoint {
  const tensors = [...values].map(([name, data]): [string, TensorInMemory] => {
    const info = file.tensors.get(name);
    if (!info)
      throw new FcnError("bad-weights", `the state has ${name}, which the network has not; --fresh begins anew`);
    return [name, { shape: info.shape, values: () => data.slice() }];
  });
  return overlaid(file, new Map(tensors));
}

/**
 * The checkpoint that a stage trains: with its own head, new or from the file, and in heads mode with the heads of the
 * stages before. What a finer head shares with the one before is copied; its skip scores stay zero.
 * https://arxiv.org/abs/1411.4038, section 4.3
 */
export async function startOfStage(
  file: Checkpoint,
  { variant, classNames, mode, heads }: StartOptions,
  before: readonly FinishedStage[],
): Promise<StageStart> {
  if (heads === "file") {
    const isKept = (name: string): boolean => mode === "heads" || name.startsWith(`${variant}.`);
    const { checkpoint } = recognise(file);
    const hasNamedHeads = [...checkpoint.tensors.keys()].some((name) => NAMED_HEAD.test(name));
    return {
      checkpoint: hasNamedHeads ? withoutHeads(checkpoint, isKept) : checkpoint,
      origin: { factors: new Map(), hasNewHead: false },
    };
  }
  const options = { classes: classNames, heads, mode: "heads", alignCorners: true } as const;
  const others = { resize: undefined, preprocessing: undefined };
  const newHead = async (base: Checkpoint, own: FcnVariant): Promise<Checkpoint> =>
    (await Learner.create(base, { ...options, ...others, variant: own })).checkpoint;
  let base = withoutHeads(recognise(file).checkpoint);
  let factors: Factors = new Map();
  if (mode === "all") ({ checkpoint: base, factors } = withFoldedNorms(base));
  let last: { variant: FcnVariant; values: ReadonlyMap<string, Float32Array<ArrayBuffer>> } | undefined;
  for (const { variant: own, state } of before) {
    const values = await trainedValues(state);
    base = withValues(await newHead(base, own), values);
    if (mode === "all") base = withoutHeads(base);
    last = { variant: own, values };
  }
  const start = await newHead(base, variant);
  const checkpoint = last ? withValues(start, sharedValues(start, variant, last)) : start;
  return { checkpoint, origin: { factors, hasNewHead: true } };
}

/** Values of the head before that the new one has under the same name, which begins with the variant where it does. */
function sharedValues(
  start: Checkpoint,
  variant: FcnVariant,
  before: { readonly variant: FcnVariant; readonly values: ReadonlyMap<string, Float32Array<ArrayBuffer>> },
): Map<string, Float32Array<ArrayBuffer>> {
  const shared = new Map<string, Float32Array<ArrayBuffer>>();
  for (const [name, values] of before.values) {
    if (!isHead(name)) continue;
    const prefix = `${before.variant}.`;
    const own = name.startsWith(prefix) ? `${variant}.${name.slice(prefix.length)}` : name;
    const length = start.tensors.get(own)?.shape.reduce((product, side) => product * side, 1);
    if (length === values.length) shared.set(own, values);
  }
  return shared;
}
