/**
 * A teacher's probabilities as they are kept. As floats, 21 classes of 384 x 512 pixels take 19 MB, and a training asks
 * for four views of every picture again and again. In steps of 1/255, deflated, they take 0.05 to 0.5 MB.
 */
import { badShape } from "../base/errors.js";
import { layouts } from "../kernel/layout.js";
import type { PixelSize } from "../models/network.js";

/** The largest value of a byte stands for 1. */
const ONE = 255;

/**
 * Probabilities [classes, height, width] in steps of 1/255. The sums over the classes are rounded, and not the values:
 * so the classes of a pixel still add up to 1, and none differs by more than 1/255.
 */
export function roundedTargets(probabilities: Float32Array, classes: number): Uint8Array<ArrayBuffer> {
  const pixels = probabilities.length / classes;
  const sums = new Float64Array(pixels);
  const rounded = new Uint8ClampedArray(probabilities.length);
  for (let start = 0; start < probabilities.length; start += pixels) {
    for (let i = 0; i < pixels; i++) {
      const before = sums[i] as number;
      const sum = before + ONE * (probabilities[start + i] as number);
      sums[i] = sum;
      rounded[start + i] = Math.round(sum) - Math.round(before);
    }
  }
  return new Uint8Array(rounded.buffer);
}

/** As floats in layout nhwc4. @throws bad-shape where the bytes are of another picture */
export function unpackedTargets(
  key: string,
  rounded: Uint8Array,
  { classes, size }: { readonly classes: number; readonly size: PixelSize },
): Uint8Array {
  const [height, width] = size;
  const count = classes * height * width;
  if (rounded.length !== count)
    throw badShape(
      `${key}: ${classes} classes of ${width} x ${height} pixels need ${count} targets, ${rounded.length} are kept; ` +
        "give each picture a name of its own",
    );
  const values = new Float32Array(layouts.nhwc4.pack(rounded, [1, classes, height, width]));
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) / ONE;
  return new Uint8Array(values.buffer);
}
