/** Max pooling, which has no weights. */
import { maxPool2d } from "../../shaders/max-pool2d/kernel.js";
import type { EncoderLayer } from "./geometry.js";
import type { BackboneLayer } from "./layer.js";

/** [N, C, H, W] to [N, C, h, w]. `name` is the step's label, below the backbone. */
export function maxPool(name: string, window: EncoderLayer): BackboneLayer {
  const { kernel, stride, padding, dilation, ceilMode = false } = window;
  const attrs = { kernel, stride, padding, dilation, ceil_mode: ceilMode };
  return {
    windows: [window],
    channels: (inputs) => inputs,
    load: ({ prefix }) => ({ apply: (graph, x) => graph.op(`${prefix}${name}`, maxPool2d, { x }, attrs).y }),
  };
}
