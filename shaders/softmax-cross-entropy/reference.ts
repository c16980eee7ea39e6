/** softmax-cross-entropy in float64, from PyTorch's definition. The losses are summed by 256 pixels. */
import type { HostTensor, Reference } from "../../src/kernel/registry.js";

type Inputs = Readonly<Record<string, HostTensor>>;

/** log softmax of the logits of one pixel. */
function logSoftmax(z: readonly number[]): number[] {
  if (z.some(Number.isNaN)) return z.map(() => NaN);
  const peak = Math.max(...z);
  const sum = z.reduce((total, value) => total + Math.exp(value - peak), 0);
  return z.map((value) => value - peak - Math.log(sum));
}

interface Target {
  /** For each class the probability times the weight. */
  readonly weighted: readonly number[];
  readonly isLabel: boolean;
}

/** The target of a pixel; undefined where it is ignored. `values` reads the classes of a tensor at the pixel. */
function targetOf(
  { labels, targets, class_weights: weights }: Inputs,
  pixel: number,
  values: (tensor: HostTensor) => number[],
  { classes, ignore }: { classes: number; ignore: number },
): Target | undefined {
  const weightOf = (k: number): number => weights?.data[k] ?? 1;
  if (targets) return { weighted: values(targets).map((t, k) => t * weightOf(k)), isLabel: false };
  const label = labels?.data[pixel] as number;
  if (label === ignore || label >= classes) return undefined;
  return { weighted: Array.from({ length: classes }, (_, k) => (k === label ? weightOf(k) : 0)), isLabel: true };
}

export const softmaxCrossEntropyReference: Reference<{ ignore: number }> = (inputs, { ignore }) => {
  const { logits, scale } = inputs;
  if (!logits || !scale) throw new Error("softmax-cross-entropy needs logits and scale");
  const [n, classes, h, w] = logits.shape as [number, number, number, number];
  const factor = scale.data[0] as number;
  const gradient = new Float64Array(n * classes * h * w);
  const losses = new Float64Array(Math.ceil((n * h * w) / 256));

  for (let pixel = 0; pixel < n * h * w; pixel++) {
    const item = Math.floor(pixel / (h * w));
    const at = (k: number): number => (item * classes + k) * h * w + (pixel % (h * w));
    const values = ({ data }: HostTensor): number[] => Array.from({ length: classes }, (_, k) => data[at(k)] as number);
    const goal = targetOf(inputs, pixel, values, { classes, ignore });
    if (!goal) continue;
    const logs = logSoftmax(values(logits));
    const mass = goal.weighted.reduce((sum, t) => sum + t, 0);
    const part = Math.floor(pixel / 256);
    goal.weighted.forEach((t, k) => {
      const log = logs[k] as number;
      if (!goal.isLabel || t !== 0) losses[part] = (losses[part] as number) - factor * t * log;
      gradient[at(k)] = factor * (Math.exp(log) * mass - t);
    });
    if (goal.isLabel && logs.some(Number.isNaN)) losses[part] = NaN;
  }
  return {
    gradient: { shape: logits.shape, data: gradient },
    losses: { shape: [losses.length, 1, 1, 1], data: losses },
  };
};
