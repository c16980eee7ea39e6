/** max-pool2d-gradient as a serial scatter: each value is added to the pixel that its index names. */
import type { Reference } from "../../src/kernel/registry.js";

export const maxPool2dGradientReference: Reference<{ height: number; width: number }> = (
  { dy, indices },
  { height, width },
) => {
  if (!dy || !indices) throw new Error("max-pool2d-gradient needs dy and indices");
  const [n, c, oh, ow] = dy.shape as [number, number, number, number];
  const data = new Float64Array(n * c * height * width);
  for (let i = 0; i < dy.data.length; i++) {
    const index = indices.data[i] as number;
    if (index >= height * width) continue; // a window without a pixel
    const at = Math.floor(i / (oh * ow)) * height * width + index;
    data[at] = (data[at] as number) + (dy.data[i] as number);
  }
  return { dx: { shape: [n, c, height, width], data } };
};
