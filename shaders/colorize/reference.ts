/** colorize from its definition: exact, with the mix written as floor(x + 0.5) of a quotient. */
import type { Reference } from "../../src/kernel/registry.js";

type Attrs = { opacity: number; keep_background: boolean };

export const colorizeReference: Reference<Attrs> = ({ labels, image, palette }, { opacity, keep_background }) => {
  if (!labels || !palette) throw new Error("colorize needs labels and palette");
  const [n, , h, w] = labels.shape as [number, number, number, number];
  const data = new Float64Array(n * 4 * h * w);
  const weight = Math.floor(opacity * 256 + 0.5);
  for (let b = 0; b < n; b++)
    for (let p = 0; p < h * w; p++) {
      const label = labels.data[b * h * w + p] as number;
      for (let c = 0; c < 3; c++) {
        const at = (b * 4 + c) * h * w + p;
        const colour = palette.data[label * 3 + c] as number;
        if (!image) data[at] = colour;
        else if (keep_background && label === 0) data[at] = image.data[at] as number;
        else data[at] = Math.floor(((image.data[at] as number) * (256 - weight) + colour * weight) / 256 + 0.5);
      }
      data[(b * 4 + 3) * h * w + p] = 255;
    }
  return { y: { shape: [n, 4, h, w], data } };
};
