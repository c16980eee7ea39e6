/** Pictures on their way to the GPU: which go together, and their bytes. */
import type { RgbaPicture } from "../image/picture.js";
import { shrink } from "../image/shrink.js";
import { inputSize } from "./output-graph.js";
import type { Resize } from "./preprocessing.js";

/** Indices of pictures of one size, in order of appearance. */
export function bySize(pictures: readonly RgbaPicture[]): number[][] {
  const groups = new Map<string, number[]>();
  pictures.forEach(({ width, height }, i) => {
    const key = `${width}x${height}`;
    groups.set(key, [...(groups.get(key) ?? []), i]);
  });
  return [...groups.values()];
}

/** Pictures of one size as one input of the graph, made smaller here where the network sees them smaller. */
export function inputBytes(pictures: readonly RgbaPicture[], resize: Resize): Uint8Array {
  const { width, height } = pictures[0] as RgbaPicture;
  const [h, w] = inputSize(height, width, resize);
  const bytes = new Uint8Array(pictures.length * w * h * 4);
  pictures.forEach((picture, i) =>
    bytes.set((h === height && w === width ? picture : shrink(picture, h, w)).data, i * w * h * 4),
  );
  return bytes;
}
