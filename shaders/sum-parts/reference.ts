/** sum-parts in float64. */
import type { Reference } from "../../src/kernel/registry.js";

export const sumPartsReference: Reference = ({ parts, total }) => {
  if (!parts || !total) throw new Error("sum-parts needs parts and total");
  const sum = Float64Array.from(total.data);
  for (let i = 0; i < parts.data.length; i++)
    sum[i % sum.length] = (sum[i % sum.length] as number) + (parts.data[i] as number);
  return { sum: { shape: total.shape, data: sum } };
};
