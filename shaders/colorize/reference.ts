/** colorize from its definition: exact, with the mix written as floor(x + 0.5) of a quotient. */
import type { Reference } from "../../src/kernel/registry.js";

type Attrs = { opacity: number; keep_background: boolean };

export const colorizeReference: Reference<Attrs> = ({ labels, image, palette }, { opacity, keep_background }) => {
  if (!labels || !palette) throw new Error("colorize needs labels and palette");
  const [n, , h, w] = labels.shape as [number, number, number, number];
  const weight = Math.floor(opacity * 256 + 0.5);
  const mixed = (below: number, colour: number): number =>
    Math.floor((below * (256 - weight) + colour * weight) / 256 + 0.5);

  const data = new Float64Array(n * 4 * h * w);
  for (let b = 0; b < n; b++) {
    for (let p = 0; p < h * w; p++) {
      const label = labels.data[b * h * w + p] as number;
      const keeps = keep_background && label === 0;
      for (let c = 0; c < 3; c++) {
        const at = (b * 4 + c) * h * w + p;
        const colour = palette.data[label * 3 + c] as number;
        const below = image?.data[at];
        if (below === undefined) data[at] = colour;
        else data[at] = keeps ? below : mixed(below, colour);
      }
      data[(b * 4 + 3) * h * w + p] = 255;
    }
  }
  return { y: { shape: [n, 4, h, w], data } };
};
