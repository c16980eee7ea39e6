/** Weight and bias of a convolution, with the batch norm after it folded in. */
import type { Weight } from "../kernel/weight.js";
import { foldBatchNorm } from "../weights/fold-batch-norm.js";
import type { Parameters } from "../weights/parameters.js";

/** What the epilogue of a convolution applies last. */
export type Activation = "none" | "relu" | "relu6";

/** An activation as the attributes of a convolution kernel. */
export const activationAttrs = (activation: Activation) => ({
  relu: activation === "relu",
  relu6: activation === "relu6",
});

export interface NormedNames {
  /** The convolution's module below the backbone or head, as PyTorch names it. */
  readonly name: string;
  /** The batch norm's module. Without it the convolution has a bias of its own. */
  readonly norm?: string | undefined;
}

/** Of a convolution without bias and its batch norm; or of one with bias, where the norm is folded or missing. */
export function normedWeights(
  params: Parameters,
  { name, norm }: NormedNames,
  shape: readonly [number, number, number, number],
): { readonly weight: Weight; readonly bias: Weight } {
  const perChannel = [shape[0]] as const;
  const own = params.at(name);
  const weight = own.take("weight", shape);
  const ofNorm = norm === undefined ? undefined : params.at(norm);
  // `fcn import --fold-bn` writes what foldBatchNorm() gives. With neither norm nor bias, the norm is missing.
  const isFolded = own.has("bias") && !ofNorm?.has("weight") && !ofNorm?.has("running_var");
  if (!ofNorm || isFolded) return { weight, bias: own.take("bias", perChannel) };
  const folded = foldBatchNorm(weight, {
    file: params.checkpoint.name,
    weight: ofNorm.take("weight", perChannel),
    bias: ofNorm.take("bias", perChannel),
    mean: ofNorm.take("running_mean", perChannel),
    variance: ofNorm.take("running_var", perChannel),
  });
  return { weight: folded.weight, bias: folded.bias }; // no more: callers hand all of it to a kernel
}
