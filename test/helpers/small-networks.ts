/** Networks of width 4 with weights from a hash: small files of any head. */
import type { HashedTensor } from "../../bench/hashed-weights.js";
import { layoutNamed, layouts } from "../../src/kernel/layout.js";
import type { Network } from "../../src/models/network.js";
import { loadFcn } from "../../src/node.js";
import type { Device, Fcn, NodeLoadOptions, NodePicture, Picture } from "../../src/node.js";
import { Graph } from "../../src/plan/graph.js";
import { Plan } from "../../src/plan/plan.js";
import type { WeightStore } from "../../src/plan/weight-store.js";
import { hashedFile } from "./hashed-checkpoint.js";

/** Channels of the stem. */
export const WIDTH = 4;

/** Loads a file with these tensors. */
export async function loadHashed(
  device: Device,
  specs: readonly HashedTensor[],
  options: NodeLoadOptions = {},
): Promise<Fcn<NodePicture>> {
  return loadFcn({ weights: await hashedFile(specs), device, ...options });
}

/** A picture of stripes and gradients, opaque. */
export function stripedPicture(width: number, height: number): Picture {
  const data = new Uint8Array(width * height * 4).map((_, i) => ((i & 3) === 3 ? 255 : (i * 37 + (i >> 5) * 11) % 256));
  return { width, height, data };
}

/** Logits of the main and the auxiliary head for a normalised picture [1, 3, height, width]. */
export async function logitsOfBothHeads(
  network: Network,
  store: WeightStore,
  data: ArrayLike<number>,
  [height, width]: readonly [number, number],
): Promise<{ out: Float32Array; aux: Float32Array }> {
  if (!network.auxLogits) throw new Error("no auxiliary head");
  const graph = new Graph();
  const shape = [1, 3, height, width] as const;
  const image = graph.input("image", shape, "nhwc4");
  graph.output("out", network.logits(graph, image, [height, width]));
  graph.output("aux", network.auxLogits(graph, image, [height, width]));
  const plan = await Plan.create(store.device, graph, store);
  const { outputs } = await plan.run({ image: new Uint8Array(layouts.nhwc4.pack(data, shape)) });
  plan.dispose();
  const valuesOf = (name: string): Float32Array => {
    const output = outputs.get(name);
    if (!output) throw new Error(`no output ${name}`);
    return layoutNamed(output.layout).unpack(output.bytes, output.shape) as Float32Array;
  };
  return { out: valuesOf("out"), aux: valuesOf("aux") };
}
