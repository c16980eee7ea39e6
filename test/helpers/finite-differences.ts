/** Gradients by central differences of a float64 reference: an oracle that knows nothing of the backward kernels. */

/** Values in float64, which a reference may take for an input. */
type Values = Float64Array;

/**
 * The gradient of sum(dy * f(x)) at x, where f is computed in float64. The step is small beside values of about 1 and
 * large beside their rounding.
 */
export function numericGradient(
  f: (x: Values) => ArrayLike<number>,
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
  step = 1e-4,
): Values {
  const at = Float64Array.from(x);
  const weighted = (): number => {
    const y = f(at);
    let sum = 0;
    for (let i = 0; i < y.length; i++) sum += (y[i] as number) * (dy[i] as number);
    return sum;
  };
  return at.map((value, i) => {
    at[i] = value + step;
    const above = weighted();
    at[i] = value - step;
    const below = weighted();
    at[i] = value;
    return (above - below) / (2 * step);
  });
}

const norm = (values: ArrayLike<number>): number => Math.sqrt(Array.from(values).reduce((sum, v) => sum + v * v, 0));

/** The norm of a - b over the norm of b: how gradients are compared. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`${a.length} values, expected ${b.length}`);
  const difference = Array.from(a, (value, i) => value - (b[i] as number));
  return norm(difference) / Math.max(norm(b), Number.MIN_VALUE);
}
