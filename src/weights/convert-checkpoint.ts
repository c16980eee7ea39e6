/**
 * A checkpoint as the tensors of a new safetensors file: batch norm folded into the convolutions if asked, weights in
 * float16 if asked. Nothing is read before the writer asks for it, so the largest tensor alone sets the memory needed.
 *
 * Not here: names of other frameworks (names.ts), files (cli/import.ts), folding (fold-checkpoint.ts).
 */

import type { Checkpoint } from "./checkpoint.js";
import { isFloatingPoint } from "./dtype.js";
import { foldedTensors } from "./fold-checkpoint.js";
import type { TensorToRead } from "./fold-checkpoint.js";
import type { TensorToWrite } from "./safetensors-writer.js";
import { badWeights } from "./source.js";

export interface ConvertOptions {
  /** Of convolution weights; default "f32". Vectors (batch norm, bias) stay float32: small, and they need the range. */
  readonly dtype?: "f32" | "f16";
  readonly foldBatchNorm?: boolean;
  /** Added to the checkpoint's own metadata. */
  readonly metadata?: ReadonlyMap<string, string>;
  /** Called when a tensor has been read. */
  readonly onTensor?: (name: string, index: number, count: number) => void;
}

export interface Converted {
  readonly tensors: readonly TensorToWrite[];
  readonly metadata: ReadonlyMap<string, string>;
  /** Names that have no place in the result: PyTorch's batch counters. */
  readonly dropped: readonly string[];
}

/**
 * The tensors to write, in the order to write them.
 * @throws bad-weights for tensors that are not floating-point numbers and for batch norms without their convolution;
 * writing throws it for values beyond float16's range, naming the tensor
 */
export function convertCheckpoint(checkpoint: Checkpoint, options: ConvertOptions = {}): Converted {
  const { dtype = "f32", foldBatchNorm = false, onTensor } = options;
  const { kept, dropped } = chooseNames(checkpoint);
  const sources = foldBatchNorm ? foldedTensors(checkpoint, kept) : plainTensors(checkpoint, kept);
  const typed = sources.map((source) => ({ ...source, dtype: source.shape.length > 1 ? dtype : ("f32" as const) }));
  // Wider numbers first, so that every tensor is aligned.
  const ordered = [...typed.filter((t) => t.dtype === "f32"), ...typed.filter((t) => t.dtype === "f16")];
  const tensors = ordered.map((tensor, index): TensorToWrite => ({
    ...tensor,
    async read() {
      const values = await tensor.read();
      onTensor?.(tensor.name, index, ordered.length);
      return values;
    },
  }));
  return { tensors, metadata: metadataOf(checkpoint, options), dropped };
}

function chooseNames({ name: file, tensors }: Checkpoint): { kept: string[]; dropped: string[] } {
  const kept: string[] = [];
  const dropped: string[] = [];
  for (const { name, dtype } of tensors.values()) {
    if (name.endsWith("num_batches_tracked")) dropped.push(name);
    else if (isFloatingPoint(dtype)) kept.push(name);
    else throw badWeights(file, `tensor ${name} holds ${dtype}; f32, f16, bf16 or f64 is needed; save it as float32`);
  }
  if (kept.length === 0) throw badWeights(file, "it holds no tensors to import");
  return { kept, dropped };
}

function plainTensors(checkpoint: Checkpoint, names: readonly string[]): TensorToRead[] {
  return names.map((name) => ({
    name,
    shape: checkpoint.tensors.get(name)?.shape ?? [],
    read: () => checkpoint.read(name),
  }));
}

function metadataOf(checkpoint: Checkpoint, options: ConvertOptions): Map<string, string> {
  const { dtype = "f32", foldBatchNorm = false, metadata: added = [] } = options;
  const metadata = new Map<string, string>([...ownMetadata(checkpoint), ["format", "pt"], ["dtype", dtype]]);
  if (foldBatchNorm) metadata.set("batch_norm", "folded");
  else if (!metadata.has("batch_norm")) metadata.set("batch_norm", "separate");
  for (const [key, value] of added) metadata.set(key, value);
  return metadata;
}

/** Where in a .pth file the tensors were. All else describes them. */
const PLACES = ["state_dict", "prefix"];

function ownMetadata({ container, metadata }: Checkpoint): Iterable<readonly [string, string]> {
  return container === "safetensors" ? metadata : [...metadata].filter(([key]) => !PLACES.includes(key));
}
