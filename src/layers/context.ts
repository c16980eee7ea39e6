/**
 * Global context: features of every pixel beside features of the picture's mean. A coarse pixel then knows what the
 * picture shows. https://arxiv.org/abs/1506.04579 (ParseNet)
 */
import { concat } from "../../shaders/concat/kernel.js";
import { globalAveragePool } from "../../shaders/global-average-pool/kernel.js";
import type { BackboneLayer } from "./layer.js";

export interface ContextOptions {
  /** Reads every pixel. */
  readonly local: BackboneLayer;
  /** Reads the mean of all pixels. */
  readonly global: BackboneLayer;
  /** Of the steps that take the mean and put both together. */
  readonly label: string;
}

/** [N, C, H, W] to [N, G + L, H, W]: G channels from the mean, the same at every pixel, then L of the pixel. */
export function withContext({ local, global, label }: ContextOptions): BackboneLayer {
  return {
    windows: local.windows,
    channels: (inputs) => global.channels(inputs) + local.channels(inputs),
    load(params, inputs) {
      const ofPixel = local.load(params, inputs);
      const ofMean = global.load(params, inputs);
      const labelled = (step: string): string => `${params.prefix}${label}.${step}`;
      return {
        apply(graph, x) {
          const mean = graph.op(labelled("mean"), globalAveragePool, { x }).y;
          const operands = { a: ofMean.apply(graph, mean), b: ofPixel.apply(graph, x) };
          return graph.op(labelled("concat"), concat, operands, { broadcast: true }).y;
        },
      };
    },
  };
}
