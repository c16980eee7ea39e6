/** project in float64. */
import type { Reference } from "../../src/kernel/registry.js";

export const projectReference: Reference<object> = ({ x, weight, bias }) => {
  if (!x || !weight) throw new Error("project needs x and weight");
  const [n, inC, h, w] = x.shape as [number, number, number, number];
  const classes = weight.shape[0] as number;
  const data = new Float64Array(n * classes * h * w);
  for (let b = 0; b < n; b++) {
    for (let k = 0; k < classes; k++) {
      for (let p = 0; p < h * w; p++) {
        let sum = Number(bias?.data[k] ?? 0);
        for (let c = 0; c < inC; c++) {
          sum += (x.data[(b * inC + c) * h * w + p] as number) * (weight.data[k * inC + c] as number);
        }
        data[(b * classes + k) * h * w + p] = sum;
      }
    }
  }
  return { y: { shape: [n, classes, h, w], data } };
};
