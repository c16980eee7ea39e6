/** Residual blocks: what a path of layers adds to its input. */
import type { BackboneLayer } from "./layer.js";
import { loadInOrder } from "./layer.js";

export interface ResidualOptions {
  /** The main path. Its last layer is a convolution: it adds the shortcut before its activation. */
  readonly path: readonly BackboneLayer[];
  /** A projection of the input, where the path changes its size or its channels. Without it: the input itself. */
  readonly shortcut?: BackboneLayer | undefined;
}

/** https://arxiv.org/abs/1512.03385, section 3.2 */
export function residual({ path, shortcut }: ResidualOptions): BackboneLayer {
  return {
    windows: path.flatMap(({ windows }) => windows),
    channels: (inputs) => path.reduce((channels, layer) => layer.channels(channels), inputs),
    load(params, inputs) {
      const loaded = loadInOrder(path, params, inputs);
      const projection = shortcut?.load(params, inputs);
      return {
        apply(graph, x) {
          const added = projection?.apply(graph, x) ?? x;
          const last = loaded.length - 1;
          return loaded.reduce((value, layer, i) => layer.apply(graph, value, i === last ? added : undefined), x);
        },
      };
    },
  };
}
