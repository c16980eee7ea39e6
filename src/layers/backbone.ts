/**
 * A backbone is a list of stages, and a stage is a list of layers. Everything else follows from the list: the graph,
 * the names and shapes of the tensors, the channels and strides of the feature maps, and the decoder's geometry.
 */
import type { Graph, Value } from "../plan/graph.js";
import type { Parameters } from "../weights/parameters.js";
import type { EncoderLayer } from "./geometry.js";
import { loadInOrder } from "./layer.js";
import type { BackboneLayer, LoadedLayer } from "./layer.js";

/** Layers up to a feature map that has a name. */
export interface BackboneStage {
  /** As `fcn.features()` takes it: "layer3". */
  readonly name: string;
  readonly layers: readonly BackboneLayer[];
}

/** Strides of the feature maps that an FCN reads. */
export type FeatureStride = 8 | 16 | 32;

/** The stage whose feature map an FCN reads at each stride. */
export type Taps = Readonly<Record<FeatureStride, string>>;

/** A backbone before it has weights. */
export interface BackboneDescription {
  /** "ResNet-101". */
  readonly name: string;
  readonly stages: readonly BackboneStage[];
  readonly taps: Taps;
}

/** The feature map at the end of a stage. */
export interface FeatureStage {
  /** As `fcn.features()` takes it: "layer3". */
  readonly name: string;
  /** Channels of the map. */
  readonly channels: number;
  /** Pixels between neighbouring cells. */
  readonly stride: number;
}

/** Channels of a picture: red, green, blue. */
const COLOURS = 3;

interface LoadedStage {
  readonly name: string;
  readonly layers: readonly LoadedLayer[];
}

/** A backbone with its weights. */
export class Backbone {
  readonly name: string;
  readonly taps: Taps;
  /** In order. */
  readonly stages: readonly FeatureStage[];
  /** The windows of the main path, for decoderGeometry(). */
  readonly encoder: readonly EncoderLayer[];
  readonly #loaded: readonly LoadedStage[];

  /** Takes the weights. `params` is scoped to the backbone; it collects what is missing or mis-shaped. */
  constructor(params: Parameters, { name, stages, taps }: BackboneDescription) {
    const maps: FeatureStage[] = [];
    let inputs = COLOURS;
    let stride = 1;
    this.#loaded = stages.map((stage) => {
      const layers = loadInOrder(stage.layers, params, inputs);
      inputs = stage.layers.reduce((current, layer) => layer.channels(current), inputs);
      stride = stage.layers.flatMap(({ windows }) => windows).reduce((total, window) => total * window.stride, stride);
      maps.push({ name: stage.name, channels: inputs, stride });
      return { name: stage.name, layers };
    });
    this.name = name;
    this.taps = taps;
    this.stages = maps;
    this.encoder = stages.flatMap(({ layers }) => layers.flatMap(({ windows }) => windows));
  }

  /** Channels of the feature map that an FCN reads at this stride. */
  channelsAt(stride: FeatureStride): number {
    return this.stages.find(({ name }) => name === this.taps[stride])?.channels ?? 0;
  }

  /**
   * A normalised picture [N, 3, H, W] to the feature maps of these stages, by name. Stages after the last of them are
   * not part of the graph.
   */
  features(graph: Graph, image: Value, wanted: Iterable<string>): ReadonlyMap<string, Value> {
    const missing = new Set(wanted);
    const found = new Map<string, Value>();
    let x = image;
    for (const { name, layers } of this.#loaded) {
      if (missing.size === 0) break;
      x = layers.reduce((value, layer) => layer.apply(graph, value), x);
      if (missing.delete(name)) found.set(name, x);
    }
    return found;
  }
}
