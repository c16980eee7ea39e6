/** What a profile says of each kernel call. */
import type { Step } from "../plan/lower.js";

export interface LayerTime {
  /** As PyTorch names the layer, `backbone.layer3.5.conv2`; a conversion between layouts is `x as LAYOUT`. */
  readonly layer: string;
  readonly kernel: string;
  readonly variant: string;
  /** Shapes [N, C, H, W] of the output. */
  readonly shape: readonly number[];
  /** Milliseconds on the GPU. */
  readonly ms: number;
  /** Multiply-adds count as two. */
  readonly flops: number;
  /** Bytes that must move at least. */
  readonly bytes: number;
}

/** Steps with the time of the stage that bears their label. */
export function layerTimes(steps: readonly Step[], stages: ReadonlyMap<string, number>): LayerTime[] {
  return steps.map(({ label, kernel, variantName, problem }) => {
    const shape = Object.values(problem.out).find((s) => s !== undefined) ?? [];
    return {
      layer: label,
      kernel: kernel.name,
      variant: variantName,
      shape,
      ms: stages.get(label) ?? 0,
      ...kernel.cost(problem),
    };
  });
}
