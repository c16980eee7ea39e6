/**
 * Folds batch norm into the convolution before it, in float64, when a layer is loaded: w' = w * g / sqrt(v + eps),
 * b' = beta - mean * g / sqrt(v + eps). This saves one kernel launch and one pass over the activations per layer.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
 */
import type { Weight } from "../kernel/weight.js";
import { badWeights } from "./source.js";

export interface BatchNorm {
  /** Name of the checkpoint, for errors. */
  readonly file: string;
  readonly weight: Weight;
  readonly bias: Weight;
  readonly mean: Weight;
  readonly variance: Weight;
}

/** PyTorch's default, which every ResNet checkpoint uses. */
const BATCH_NORM_EPS = 1e-5;

/** g / sqrt(v + eps), one value per output channel. @throws bad-weights for a channel that would be NaN or infinite */
async function scales(bn: BatchNorm, eps: number): Promise<Float64Array> {
  const [gamma, variance] = await Promise.all([bn.weight.read(), bn.variance.read()]);
  const factors = Float64Array.from(gamma, (g, i) => g / Math.sqrt((variance[i] as number) + eps));
  const channel = factors.findIndex((factor) => !Number.isFinite(factor));
  if (channel < 0) return factors;
  const norm = bn.variance.name.replace(".running_var", "");
  const fault = `weight / sqrt(running_var + epsilon) of its channel ${channel} is ${factors[channel]}`;
  throw badWeights(bn.file, `batch norm ${norm} cannot be folded: ${fault}; running_var must not be negative`);
}

/**
 * `conv` is [out_channels, ...]; the norm's four vectors are [out_channels]. Nothing is read before `read()`. `factors`
 * are what the channels of the convolution are multiplied by.
 */
export function foldBatchNorm(
  conv: Weight,
  bn: BatchNorm,
  eps = BATCH_NORM_EPS,
): { weight: Weight; bias: Weight; factors: () => Promise<Float64Array> } {
  const channels = conv.shape[0] as number;
  const weight: Weight = {
    name: conv.name,
    shape: conv.shape,
    async read() {
      const [data, scale] = await Promise.all([conv.read(), scales(bn, eps)]);
      const fanIn = data.length / channels;
      for (let o = 0; o < channels; o++) {
        const factor = scale[o] as number;
        const end = (o + 1) * fanIn;
        for (let i = o * fanIn; i < end; i++) data[i] = (data[i] as number) * factor;
      }
      return data;
    },
  };
  const bias: Weight = {
    name: bn.bias.name,
    shape: [channels],
    async read() {
      const [scale, beta, mean] = await Promise.all([scales(bn, eps), bn.bias.read(), bn.mean.read()]);
      return Float32Array.from(beta, (b, i) => b - (mean[i] as number) * (scale[i] as number));
    },
  };
  return { weight, bias, factors: () => scales(bn, eps) };
}
