/**
 * The tensors of a checkpoint with every batch norm folded into the convolution before it. The result has PyTorch's
 * names of a convolution with bias: `conv1.weight` and `conv1.bias`, no `bn1.*`.
 *
 * Not here: the arithmetic (fold-batch-norm.ts).
 */

import type { Weight } from "../kernel/weight.js";
import { noSuchTensor } from "./checkpoint.js";
import type { Checkpoint } from "./checkpoint.js";
import { foldBatchNorm } from "./fold-batch-norm.js";
import type { BatchNorm } from "./fold-batch-norm.js";
import { badWeights } from "./source.js";

/** A tensor that is read when it is written. */
export interface TensorToRead {
  readonly name: string;
  readonly shape: readonly number[];
  read(): Promise<Float32Array<ArrayBuffer>>;
}

/** What the channels of folded weights and biases were multiplied by, by name: gamma / sqrt(var + eps). */
export type Factors = ReadonlyMap<string, () => Promise<Float64Array>>;

const NORM_PARTS = ["weight", "bias", "running_mean", "running_var"] as const;

/** Replaces each convolution that a batch norm follows, and the norm, by one weight and one bias. */
export function foldedTensors(checkpoint: Checkpoint, names: readonly string[]): TensorToRead[] {
  return folded(checkpoint, names).tensors;
}

/** As foldedTensors(), with the factors of the norms. */
export function folded(
  checkpoint: Checkpoint,
  names: readonly string[],
): { readonly tensors: TensorToRead[]; readonly factors: Factors } {
  const { tensors } = checkpoint;
  const known = new Map<string, () => Promise<Float64Array>>();
  const replaced = new Map<string, TensorToRead[]>();
  for (const norm of normsOf(checkpoint)) {
    const conv = convolutionBefore(norm, checkpoint);
    if (replaced.has(`${conv}.weight`)) throw cannotFold(norm, conv, checkpoint);
    const hasBias = tensors.has(`${conv}.bias`);
    const { weight, bias, factors } = foldBatchNorm(
      weightOf(checkpoint, `${conv}.weight`),
      normOf(checkpoint, norm, hasBias ? weightOf(checkpoint, `${conv}.bias`) : undefined),
    );
    const made = [toRead(`${conv}.weight`, weight), toRead(`${conv}.bias`, bias)];
    replaced.set(`${conv}.weight`, made);
    for (const part of ["weight", "bias"]) known.set(`${conv}.${part}`, factors);
    for (const part of NORM_PARTS) replaced.set(`${norm}.${part}`, []);
    if (hasBias) replaced.set(`${conv}.bias`, []);
  }
  const all = names.flatMap((name) => replaced.get(name) ?? [toRead(name, weightOf(checkpoint, name))]);
  return { tensors: all, factors: known };
}

/** Names of the batch norm modules, all complete. @throws bad-weights */
function normsOf({ tensors, name }: Checkpoint): string[] {
  const suffix = ".running_var";
  const modules = [...tensors.keys()].filter((key) => key.endsWith(suffix)).map((key) => key.slice(0, -suffix.length));
  for (const module of modules) {
    const missing = NORM_PARTS.filter((part) => !tensors.has(`${module}.${part}`));
    if (missing.length > 0)
      throw badWeights(name, `batch norm ${module} cannot be folded: it has no ${missing.join(" and no ")}`);
  }
  return modules;
}

/** Name of the convolution that the norm follows. @throws bad-weights where there is none with as many channels */
function convolutionBefore(norm: string, checkpoint: Checkpoint): string {
  const conv = convolutionName(norm, checkpoint);
  const weight = checkpoint.tensors.get(`${conv}.weight`);
  const channels = checkpoint.tensors.get(`${norm}.running_var`)?.shape[0];
  if (weight?.shape.length !== 4 || weight.shape[0] !== channels) throw cannotFold(norm, conv, checkpoint);
  return conv;
}

/** Convolutions of timm's MobileNetV2 before `bn1`, `bn2` ...: of its blocks, of the first one, and around them. */
const TIMM_ORDERS = [
  ["conv_pw", "conv_dw", "conv_pwl"],
  ["conv_dw", "conv_pw"],
  ["conv_stem", "conv_head"],
];

/** `layer1.0.bn1` follows `layer1.0.conv1`; `downsample.1` follows `downsample.0`. */
function convolutionName(norm: string, { tensors }: Checkpoint): string {
  const named = /^(.*?)bn(\d*)$/.exec(norm);
  if (named) {
    const [, path = "", index = ""] = named;
    const isThere = (conv: string): boolean => tensors.has(`${path}${conv}.weight`);
    const order = isThere(`conv${index}`) ? undefined : TIMM_ORDERS.find((convs) => convs.every(isThere));
    return path + (order?.[Number(index) - 1] ?? `conv${index}`);
  }
  // Not a search for /\d+$/, which takes quadratic time on names of many digits.
  const dot = norm.lastIndexOf(".") + 1;
  const index = norm.slice(dot);
  return /^\d+$/.test(index) ? `${norm.slice(0, dot)}${Number(index) - 1}` : norm;
}

function cannotFold(norm: string, conv: string, { name, tensors }: Checkpoint): Error {
  const channels = tensors.get(`${norm}.running_var`)?.shape[0] ?? "?";
  const needed = `a convolution ${conv}.weight of ${channels} channels was expected before it`;
  return badWeights(name, `batch norm ${norm} cannot be folded: ${needed}; import it without folding`);
}

/** A vector is read twice, for the weight and for the bias. It is small, and the writer holds one tensor at a time. */
function weightOf(checkpoint: Checkpoint, name: string): Weight {
  const info = checkpoint.tensors.get(name);
  if (info === undefined) throw noSuchTensor(checkpoint.name, name);
  return { name, shape: info.shape, read: () => checkpoint.read(name) };
}

/** The norm of x + convBias with mean m is the norm of x with mean m - convBias. */
function normOf(checkpoint: Checkpoint, norm: string, convBias: Weight | undefined): BatchNorm {
  const mean = weightOf(checkpoint, `${norm}.running_mean`);
  const shifted: Weight = {
    ...mean,
    async read() {
      const [values, bias] = [await mean.read(), await convBias?.read()];
      return bias === undefined ? values : Float32Array.from(values, (v, i) => v - (bias[i] ?? NaN));
    },
  };
  return {
    file: checkpoint.name,
    weight: weightOf(checkpoint, `${norm}.weight`),
    bias: weightOf(checkpoint, `${norm}.bias`),
    mean: shifted,
    variance: weightOf(checkpoint, `${norm}.running_var`),
  };
}

function toRead(name: string, weight: Weight): TensorToRead {
  return { name, shape: weight.shape, read: async () => ownMemory(await weight.read()) };
}

/** The same values in memory that is no SharedArrayBuffer (all readers give that already). */
function ownMemory(values: Float32Array): Float32Array<ArrayBuffer> {
  return values.buffer instanceof ArrayBuffer ? (values as Float32Array<ArrayBuffer>) : Float32Array.from(values);
}
