/** Depthwise convolution: every channel has a kernel of its own. */
import { depthwiseConv2d } from "../../shaders/depthwise-conv2d/kernel.js";
import type { ConvOptions } from "./conv.js";
import type { BackboneLayer } from "./layer.js";
import { activationAttrs, normedWeights } from "./normed-weights.js";

/** Depthwise convolution, batch norm if there is one, and activation: one call. https://arxiv.org/abs/1704.04861 */
export function depthwise(options: Omit<ConvOptions, "out" | "change">): BackboneLayer {
  const { name, kernel, stride = 1, padding = 0, dilation = 1, activation = "none" } = options;
  const attrs = { stride, padding, dilation, ...activationAttrs(activation) };
  return {
    windows: [{ kernel, stride, padding, dilation }],
    channels: (inputs) => inputs,
    load(params, inputs) {
      const operands = normedWeights(params, options, [inputs, 1, kernel, kernel]);
      const label = params.prefix + name;
      return { apply: (graph, x) => graph.op(label, depthwiseConv2d, { x, ...operands }, attrs).y };
    },
  };
}
