/** global-average-pool-gradient from the definition. */
import type { Reference } from "../../src/kernel/registry.js";

type Attrs = { height: number; width: number };

export const globalAveragePoolGradientReference: Reference<Attrs> = ({ dy }, { height, width }) => {
  if (!dy) throw new Error("global-average-pool-gradient needs dy");
  const pixels = height * width;
  const data = new Float64Array(dy.data.length * pixels);
  for (let i = 0; i < data.length; i++) data[i] = (dy.data[Math.floor(i / pixels)] as number) / pixels;
  return { dx: { shape: [dy.shape[0] as number, dy.shape[1] as number, height, width], data } };
};
