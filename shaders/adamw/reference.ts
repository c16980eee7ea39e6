/** A step of AdamW in float64. */
import type { Reference } from "../../src/kernel/registry.js";

interface AdamwAttrs {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weight_decay: number;
  readonly rate_scale: number;
}

export const adamwReference: Reference<AdamwAttrs> = ({ weight, gradient, mean, square, rates, unit }, attrs) => {
  if (!weight || !gradient || !mean || !square || !rates) throw new Error("adamw needs all of its inputs but unit");
  const { shape } = weight;
  const count = weight.data.length;
  const perChannel = count / (shape[0] as number);
  const [rate = 0, corrected = 0, rootCorrection = 0] = Array.from(rates.data);
  const { beta1, beta2, eps, weight_decay: decay, rate_scale: scale } = attrs;
  const stepped = new Float64Array(count);
  const averaged = new Float64Array(count);
  const squared = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const f = unit ? (unit.data[Math.floor(i / perChannel)] as number) : 1;
    const g = (gradient.data[i] as number) * f;
    const m = beta1 * (mean.data[i] as number) + (1 - beta1) * g;
    const v = beta2 * (square.data[i] as number) + (1 - beta2) * g * g;
    const unfolded = ((weight.data[i] as number) / f) * (1 - rate * scale * decay);
    stepped[i] = (unfolded - (corrected * scale * m) / (Math.sqrt(v) * rootCorrection + eps)) * f;
    averaged[i] = m;
    squared[i] = v;
  }
  return {
    stepped: { shape, data: stepped },
    averaged: { shape, data: averaged },
    squared: { shape, data: squared },
    cleared: { shape, data: new Float64Array(count) },
  };
};
