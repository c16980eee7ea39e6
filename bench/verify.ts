/** What benchmarks run kernels on, and whether the results are right. */
import type { HostTensor, KernelCase } from "../src/kernel/registry.js";
import { elements } from "../src/kernel/shape.js";

/** Seeded inputs, the same on every machine. */
export function inputsOf({ shapes, fill }: KernelCase): Record<string, HostTensor> {
  let state = 12345;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) / 2 ** 24;
  };
  return Object.fromEntries(
    Object.entries(shapes).map(([key, shape]) => {
      const value = fill?.[key] ?? (() => random() * 2 - 1);
      return [key, { shape, data: new Float32Array(elements(shape)).map((_, i) => value(i, random)) }];
    }),
  );
}

/** What is wrong with a result, if anything: integers must be equal in all but 1 of 10,000 places (ties that rounding decides). */
export function difference(
  got: ArrayLike<number>,
  wanted: ArrayLike<number>,
  integers: boolean,
  tolerance: number,
): string | undefined {
  if (got.length !== wanted.length) return `${got.length} values, the reference has ${wanted.length}`;
  let error = 0;
  let total = 0;
  let unequal = 0;
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [got[i] as number, wanted[i] as number];
    if (a !== b) unequal++;
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    error += (a - b) ** 2;
    total += b ** 2;
  }
  if (integers)
    return unequal > wanted.length * 1e-4
      ? `${unequal} of ${wanted.length} values differ from the reference`
      : undefined;
  const relative = Math.sqrt(error / (total || 1));
  return relative <= tolerance
    ? undefined
    : `off the reference by ${relative.toExponential(1)} of its size, allowed is ${tolerance.toExponential(0)}`;
}
