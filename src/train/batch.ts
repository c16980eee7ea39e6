/** Pictures of one size as one input of the network. */
import type { PixelSize } from "../models/network.js";
import type { FeatureBytes } from "./feature-cache.js";
import { featureName } from "./learner.js";
import type { Learner } from "./learner.js";
import type { Piece } from "./training-session.js";

/** A picture that is ready for the network. */
export interface TrainItem {
  readonly size: PixelSize;
  /** A class for each pixel. */
  readonly labels: Uint8Array;
  /** A probability of each class for each pixel, in layout nhwc4. They come in place of labels. */
  readonly probabilities?: Uint8Array;
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

function targetsOf(items: readonly TrainItem[]): Record<string, Uint8Array> {
  const probabilities = items.flatMap((item) => item.probabilities ?? []);
  if (probabilities.length > 0) return { probabilities: joined(probabilities) };
  return { labels: joined(items.map(({ labels }) => labels)) };
}

/** Pixels that count, each by the weight of its class. Pixels with probabilities count as 1, as in PyTorch. */
export function weightOf(items: readonly TrainItem[], classes: number, classWeights?: Float32Array): number {
  let sum = 0;
  for (const { labels, probabilities } of items) {
    if (probabilities) sum += labels.length;
    else for (const label of labels) if (label < classes) sum += classWeights ? (classWeights[label] as number) : 1;
  }
  return sum;
}

/** Items of one size, in groups of at most `most`, which go through the network at once. */
export function bySize(items: readonly TrainItem[], most: number): TrainItem[][] {
  const groups: TrainItem[][] = [];
  const open = new Map<string, TrainItem[]>();
  for (const item of items) {
    const key = sizeKey(item.size);
    let group = open.get(key);
    if (!group || group.length >= most) {
      group = [];
      groups.push(group);
      open.set(key, group);
    }
    group.push(item);
  }
  return groups;
}

/** Items of one size as one piece of a batch. */
export function pieceOf({ learner }: { readonly learner: Learner }, items: readonly TrainItem[], scale: number): Piece {
  const [{ size, features }] = items as [TrainItem, ...TrainItem[]];
  const count = items.length;
  const targets = targetsOf(items);
  if (!features) {
    const picture = joined(items.map((item) => item.picture as ArrayBufferView));
    const shape = {
      key: `pictures ${count} ${sizeKey(size)}`,
      network: (graph: Parameters<Learner["fromPicture"]>[0]) => learner.fromPicture(graph, count, size),
    };
    return { shape, inputs: { picture, ...targets }, scale };
  }
  const maps = [...features.keys()].map((stride) => {
    const bytes = joined(items.map((item) => item.features?.get(stride) as Uint8Array));
    return [featureName(stride), bytes] as const;
  });
  const shape = {
    key: `features ${count} ${sizeKey(size)}`,
    network: (graph: Parameters<Learner["fromFeatures"]>[0]) => learner.fromFeatures(graph, count, size),
  };
  return { shape, inputs: { ...Object.fromEntries(maps), ...targets }, scale };
}
