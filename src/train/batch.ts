/** Pictures of one size as one input of the network. */
import type { PixelSize } from "../models/network.js";
import type { FeatureBytes } from "./feature-cache.js";
import { featureName } from "./learner.js";
import type { Learner } from "./learner.js";
import type { Piece } from "./training-session.js";

/** A picture that is ready for the network. */
export interface TrainItem {
  readonly size: PixelSize;
  readonly labels: Uint8Array;
  /** RGBA, where the whole network learns. */
  readonly picture?: ArrayBufferView;
  /** Where the backbone is frozen. */
  readonly features?: FeatureBytes;
}

export const sizeKey = ([height, width]: PixelSize): string => `${height}x${width}`;

/** The arrays one after the other, and zeros to a multiple of four bytes. */
function joined(arrays: readonly ArrayBufferView[]): Uint8Array {
  const bytes = arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const result = new Uint8Array(Math.ceil(bytes / 4) * 4);
  let at = 0;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    result.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return result;
}

/** Items of one size as one piece of a batch. */
export function pieceOf({ learner }: { readonly learner: Learner }, items: readonly TrainItem[], scale: number): Piece {
  const [{ size, features }] = items as [TrainItem, ...TrainItem[]];
  const count = items.length;
  const labels = joined(items.map((item) => item.labels));
  if (!features) {
    const picture = joined(items.map((item) => item.picture as ArrayBufferView));
    const shape = {
      key: `pictures ${count} ${sizeKey(size)}`,
      network: (graph: Parameters<Learner["fromPicture"]>[0]) => learner.fromPicture(graph, count, size),
    };
    return { shape, inputs: { picture, labels }, scale };
  }
  const maps = [...features.keys()].map((stride) => {
    const bytes = joined(items.map((item) => item.features?.get(stride) as Uint8Array));
    return [featureName(stride), bytes] as const;
  });
  const shape = {
    key: `features ${count} ${sizeKey(size)}`,
    network: (graph: Parameters<Learner["fromFeatures"]>[0]) => learner.fromFeatures(graph, count, size),
  };
  return { shape, inputs: { ...Object.fromEntries(maps), labels }, scale };
}
