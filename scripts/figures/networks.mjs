/** Runs the backbone and all three heads on a picture, with every map that the figures show as an output. */
import { describeBackbone } from "../../dist/src/models/backbones/index.js";
import { argmax } from "../../dist/shaders/argmax/kernel.js";
import { normalize } from "../../dist/shaders/normalize/kernel.js";
import { layouts } from "../../dist/src/kernel/layout.js";
import { fcnParts } from "../../dist/src/models/fcn.js";
import { IMAGENET, constant } from "../../dist/src/models/preprocessing.js";
import { Graph, Plan, WeightStore, openCheckpoint, openSource } from "../../dist/src/node.js";
import { Parameters } from "../../dist/src/weights/parameters.js";

/** From coarse to fine. */
export const VARIANTS = ["fcn32s", "fcn16s", "fcn8s"];
/** Strides of the backbone's features. */
export const STRIDES = [8, 16, 32];

/**
 * @typedef {object} FeatureMap
 * @property {ArrayLike<number>} values in [C, H, W] order
 * @property {number} channels
 * @property {number} height
 * @property {number} width
 */

/**
 * Adds "VARIANT labels" (at the picture's size), "VARIANT scores" (at the stride of the last step) and "VARIANT cells"
 * (the best class of each score) to the graph's outputs.
 */
function addHead(graph, head, variant, features, size) {
  const { labels, scores } = head.scored(graph, features, size);
  graph.output(`${variant} labels`, labels);
  graph.output(`${variant} scores`, scores);
  graph.output(`${variant} cells`, graph.op(`${variant} cells`, argmax, { x: scores }).y);
}

/** The graph, with "features 8" and so on besides the outputs of the heads. */
function makeGraph(parts, height, width) {
  const graph = new Graph();
  const image = graph.input("picture", [1, 4, height, width], "rgba8");
  const inputs = { image, mean: constant("mean", IMAGENET.mean), std: constant("std", IMAGENET.std) };
  const normalised = graph.op("normalize", normalize, inputs, { height, width }).y;
  const features = parts.features(graph, normalised, VARIANTS);
  for (const stride of STRIDES) graph.output(`features ${stride}`, features.get(stride));
  for (const variant of VARIANTS) addHead(graph, parts.heads.get(variant), variant, features, [height, width]);
  return graph;
}

/**
 * Features, scores and labels of one run.
 * @returns {Promise<ReadonlyMap<string, FeatureMap>>} by the names of the outputs
 */
export async function runNetworks(device, { width, height, data }) {
  const checkpoint = await openCheckpoint(await openSource("icons"));
  const parts = fcnParts(Parameters.of(checkpoint), VARIANTS, await describeBackbone(checkpoint));
  const graph = makeGraph(parts, height, width);
  const plan = await Plan.create(device, graph, new WeightStore(device));
  const { outputs } = await plan.run({ picture: data });
  await checkpoint.close();
  const maps = [...outputs].map(([name, { bytes, layout, shape }]) => {
    const [, channels, rows, columns] = shape;
    return [name, { values: layouts[layout].unpack(bytes, shape), channels, height: rows, width: columns }];
  });
  return new Map(maps);
}
