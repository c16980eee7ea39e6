/**
 * The parts of which backbones are described. A layer says what it does to sizes and channels before any weight is
 * read, so that the decoder's geometry follows from the same description as the graph.
 */
import type { Graph, Value } from "../plan/graph.js";
import type { Parameters } from "../weights/parameters.js";
import type { EncoderLayer } from "./geometry.js";

/** A layer with its weights. */
export interface LoadedLayer {
  /** `residual`, of the output's shape, is added before the activation. Only convolutions take one. */
  apply(graph: Graph, x: Value, residual?: Value): Value;
}

/** A layer before it has weights. */
export interface BackboneLayer {
  /** Its windows along the main path, in order: from them follow strides, centres and margins. */
  readonly windows: readonly EncoderLayer[];
  /** Output channels, for so many input channels. */
  channels(inputs: number): number;
  /** Takes its weights. `params` is scoped to the backbone. Faults are collected there. */
  load(params: Parameters, inputs: number): LoadedLayer;
}

/** Layers one after the other, as one. */
export function sequence(layers: readonly BackboneLayer[]): BackboneLayer {
  return {
    windows: layers.flatMap(({ windows }) => windows),
    channels: (inputs) => layers.reduce((channels, layer) => layer.channels(channels), inputs),
    load(params, inputs) {
      const loaded = loadInOrder(layers, params, inputs);
      return { apply: (graph, x) => loaded.reduce((value, layer) => layer.apply(graph, value), x) };
    },
  };
}

/** Loads layers of which each reads what the one before gives. */
export function loadInOrder(layers: readonly BackboneLayer[], params: Parameters, inputs: number): LoadedLayer[] {
  let channels = inputs;
  return layers.map((layer) => {
    const loaded = layer.load(params, channels);
    channels = layer.channels(channels);
    return loaded;
  });
}
