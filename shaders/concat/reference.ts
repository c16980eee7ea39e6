/** concat from the definition: for each batch item the planes of a, then those of b. */
import type { HostTensor, Reference } from "../../src/kernel/registry.js";

type Sizes = [number, number, number, number];

export const concatReference: Reference<object> = ({ a, b }) => {
  if (!a || !b) throw new Error("concat needs a and b");
  const [n, , ah, aw] = a.shape as Sizes;
  const [, , bh, bw] = b.shape as Sizes;
  const plane = Math.max(ah * aw, bh * bw);
  const values: number[] = [];
  const append = ({ shape, data }: HostTensor, item: number): void => {
    const [, channels, h, w] = shape as Sizes;
    for (let channel = item * channels; channel < (item + 1) * channels; channel++) {
      // One pixel is repeated: i % 1 is always 0.
      for (let i = 0; i < plane; i++) values.push(data[channel * h * w + (i % (h * w))] as number);
    }
  };
  for (let item = 0; item < n; item++) {
    append(a, item);
    append(b, item);
  }
  const channels = (a.shape[1] as number) + (b.shape[1] as number);
  return { y: { shape: [n, channels, Math.max(ah, bh), Math.max(aw, bw)], data: values } };
};
