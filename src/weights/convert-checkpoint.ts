/**
 * A checkpoint as the tensors of a new safetensors file: batch norm folded into the convolutions if asked, weights in float16
 * if asked. Nothing is read before the writer asks for it, so memory stays that of the largest tensor.
 *
 * Not here: names of other frameworks (names.ts), files (cli/import.ts). The scheme of folded files is PyTorch's own for a
 * convolution with bias: `conv1.weight` and `conv1.bias`, no `bn1.*`, and `batch_norm: folded` in the metadata.
 */

import { FcnError } from "../base/errors.js";
import type { Weight } from "../kernel/weight.js";
import type { Checkpoint, TensorInfo } from "./checkpoint.js";
import { foldBatchNorm } from "./fold-batch-norm.js";
import type { TensorToWrite } from "./safetensors-writer.js";
import { badWeights } from "./source.js";

export interface ConvertOptions {
  /** Of convolution weights; default "f32". Vectors (batch norm, bias) stay float32: they are small and need the range. */
  readonly dtype?: "f32" | "f16";
  readonly foldBatchNorm?: boolean;
  /** Added to what the checkpoint's own metadata say. */
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

const NORM_PARTS = ["weight", "bias", "running_mean", "running_var"] as const;

/** `layer1.0.bn1` follows `layer1.0.conv1`; `downsample.1` follows `downsample.0`. */
function convolutionOf(norm: string): string {
  const named = /^(.*?)bn(\d*)$/.exec(norm);
  if (named) return `${named[1] ?? ""}conv${named[2] ?? ""}`;
  return norm.replace(/\d+$/, (index) => String(Number(index) - 1));
}

/** Names of the batch norm modules. */
function normsOf({ tensors, name }: Checkpoint): string[] {
  const suffix = ".running_var";
  const modules = [...tensors.keys()].filter((key) => key.endsWith(suffix)).map((key) => key.slice(0, -suffix.length));
  for (const module of modules) {
    const missing = NORM_PARTS.filter((part) => !tensors.has(`${module}.${part}`));
    if (missing.length)
      throw badWeights(name, `batch norm ${module} cannot be folded: it has no ${missing.join(" and no ")}`);
  }
  return modules;
}

interface Source {
  readonly name: string;
  readonly shape: readonly number[];
  read(): Promise<Float32Array<ArrayBuffer>>;
}

/** Replaces each convolution that a batch norm follows, and the norm, by one weight and one bias. */
function folded(checkpoint: Checkpoint, names: readonly string[]): Source[] {
  const { tensors, name: file } = checkpoint;
  const at = (name: string): Weight => {
    const info = tensors.get(name);
    if (info === undefined) throw badWeights(file, `it has no tensor ${name}`);
    // Vectors are read for the weight and for the bias: the writer holds one tensor at a time, and they are small.
    return { name, shape: info.shape, read: () => checkpoint.read(name) };
  };
  const replaced = new Map<string, Source[]>();
  for (const norm of normsOf(checkpoint)) {
    const conv = convolutionOf(norm);
    const weight = tensors.get(`${conv}.weight`);
    const channels = tensors.get(`${norm}.running_var`)?.shape[0];
    if (weight?.shape.length !== 4 || weight.shape[0] !== channels || replaced.has(`${conv}.weight`)) {
      throw badWeights(
        file,
        `batch norm ${norm} cannot be folded: a convolution ${conv}.weight of ${channels ?? "?"} channels was expected before it; import it without folding`,
      );
    }
    const [gamma, beta, mean, variance] = NORM_PARTS.map((part) => at(`${norm}.${part}`)) as [
      Weight,
      Weight,
      Weight,
      Weight,
    ];
    const own = tensors.has(`${conv}.bias`) ? at(`${conv}.bias`) : undefined;
    const shifted =
      own === undefined ? mean : { ...mean, read: async () => minus(await mean.read(), await own.read()) };
    const result = foldBatchNorm(at(`${conv}.weight`), { weight: gamma, bias: beta, mean: shifted, variance });
    replaced.set(`${conv}.weight`, [readable(`${conv}.weight`, result.weight), readable(`${conv}.bias`, result.bias)]);
    for (const part of NORM_PARTS) replaced.set(`${norm}.${part}`, []);
    if (own !== undefined) replaced.set(`${conv}.bias`, []);
  }
  return names.flatMap((name) => replaced.get(name) ?? [readable(name, at(name))]);
}

/** norm(x + bias) with mean m is norm(x) with mean m - bias. */
const minus = (a: Float32Array, b: Float32Array): Float32Array<ArrayBuffer> =>
  Float32Array.from(a, (v, i) => v - (b[i] ?? NaN));

function readable(name: string, weight: Weight): Source {
  return { name, shape: weight.shape, read: async () => owned(await weight.read()) };
}

/** The same values in memory that starts at 0 (all readers give that already). */
function owned(values: Float32Array): Float32Array<ArrayBuffer> {
  return values.buffer instanceof ArrayBuffer ? (values as Float32Array<ArrayBuffer>) : Float32Array.from(values);
}

const isFloat = ({ dtype }: TensorInfo): boolean => /^(f|bf)\d+$/.test(dtype);

/**
 * What to write. Throws `bad-weights` for tensors that are no floating-point numbers and for batch norms without their
 * convolution; writing throws it for values beyond float16's range, naming the tensor.
 */
export function convertCheckpoint(checkpoint: Checkpoint, options: ConvertOptions = {}): Converted {
  const { dtype = "f32", onTensor } = options;
  const dropped: string[] = [];
  const names: string[] = [];
  for (const info of checkpoint.tensors.values()) {
    if (info.name.endsWith("num_batches_tracked")) dropped.push(info.name);
    else if (isFloat(info)) names.push(info.name);
    else
      throw badWeights(checkpoint.name, `tensor ${info.name} holds ${info.dtype}; weights are floating-point numbers`);
  }
  if (names.length === 0) throw new FcnError("bad-weights", `${checkpoint.name}: it holds no tensors to import`);
  const fold = options.foldBatchNorm ?? false;
  const sources = fold
    ? folded(checkpoint, names)
    : names.map((name) => ({
        name,
        shape: checkpoint.tensors.get(name)?.shape ?? [],
        read: () => checkpoint.read(name),
      }));
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
  const metadata = new Map<string, string>([...ownMetadata(checkpoint), ["format", "pt"], ["dtype", dtype]]);
  if (fold) metadata.set("batch_norm", "folded");
  else if (!metadata.has("batch_norm")) metadata.set("batch_norm", "separate");
  for (const [key, value] of options.metadata ?? []) metadata.set(key, value);
  return { tensors, metadata, dropped };
}

/** A safetensors file's metadata describe its content; a .pth file's say where in the file the tensors were. */
function ownMetadata(checkpoint: Checkpoint): Iterable<readonly [string, string]> {
  return checkpoint.container === "safetensors" ? checkpoint.metadata : [];
}
