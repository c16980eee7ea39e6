/** pack-weight: what the host's packings give. They are the definition of the orders. */
import { channelBlocks, outputTiles, rows } from "../../src/kernel/packings.js";
import type { WeightOrder } from "../../src/kernel/packings.js";
import type { Reference } from "../../src/kernel/registry.js";

interface PackAttrs {
  readonly order: string;
  readonly tile: number;
}

export const packWeightReference: Reference<PackAttrs> = ({ weight, copy }, { order, tile }) => {
  if (!weight || !copy) throw new Error("pack-weight needs weight and copy");
  const tiles = outputTiles({ tile, order: order as WeightOrder });
  const packing = { channels: channelBlocks(), rows }[order] ?? tiles;
  const packed = packing.pack(Float32Array.from(weight.data), weight.shape, undefined);
  return { packed: { shape: copy.shape, data: packed } };
};
