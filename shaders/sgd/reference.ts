/** A step of SGD in float64. */
import type { Reference } from "../../src/kernel/registry.js";

interface SgdAttrs {
  readonly momentum: number;
  readonly weight_decay: number;
  readonly rate_scale: number;
}

export const sgdReference: Reference<SgdAttrs> = ({ weight, gradient, velocity, rates, unit }, attrs) => {
  if (!weight || !gradient || !velocity || !rates) throw new Error("sgd needs weight, gradient, velocity and rates");
  const { shape } = weight;
  const count = weight.data.length;
  const perChannel = count / (shape[0] as number);
  const rate = (rates.data[0] as number) * attrs.rate_scale;
  const stepped = new Float64Array(count);
  const moved = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const f = unit ? (unit.data[Math.floor(i / perChannel)] as number) : 1;
    const unfolded = (weight.data[i] as number) / f;
    const g = (gradient.data[i] as number) * f + attrs.weight_decay * unfolded;
    moved[i] = attrs.momentum * (velocity.data[i] as number) + g;
    stepped[i] = (unfolded - rate * (moved[i] as number)) * f;
  }
  const cleared = new Float64Array(count);
  return { stepped: { shape, data: stepped }, moved: { shape, data: moved }, cleared: { shape, data: cleared } };
};
