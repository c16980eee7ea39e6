/** Heads on frozen features against PyTorch in float64: losses of 20 steps, gradients of the first, weights after. */
import { describe, expect, it } from "vitest";
import { relativeError } from "../helpers/finite-differences.js";
import { useDevice } from "../helpers/device.js";
import { headsSession, parametersOf, wholeBatch } from "../helpers/heads-session.js";
import { manifest, parameterFile } from "../helpers/training-fixtures.js";

const device = useDevice();
const STEPS = 20;

describe.each(manifest.cases)("$name", (test) => {
  it("has PyTorch's gradients before the first step", async () => {
    const session = await headsSession(device(), test);
    await session.accumulate([wholeBatch(test)]);
    const gradients = await parametersOf(session, "gradient");
    for (const [name, wanted] of parameterFile(`${test.name}.grad0.f32`, test.parameters)) {
      if (name) expect(relativeError(gradients.get(name) ?? [], wanted), name).toBeLessThan(1e-4);
    }
    session.dispose();
  });

  it("has PyTorch's losses for 20 steps, and its weights after them", async () => {
    const session = await headsSession(device(), test);
    const pieces = [wholeBatch(test)];
    let worst = 0;
    for (let i = 0; i < STEPS; i++) {
      const loss = await session.run(pieces, test.options.lr);
      worst = Math.max(worst, Math.abs(loss / (test.losses[i] as number) - 1));
    }
    expect(worst).toBeLessThan(1e-4);
    const values = await parametersOf(session, "values");
    let worstWeight = 0;
    for (const [name, wanted] of parameterFile(`${test.name}.weights20.f32`, test.parameters)) {
      if (name) worstWeight = Math.max(worstWeight, relativeError(values.get(name) ?? [], wanted));
    }
    expect(worstWeight).toBeLessThan(1e-4);
    console.log(
      `${test.name}: losses within ${worst.toExponential(1)}, weights within ${worstWeight.toExponential(1)}`,
    );
    session.dispose();
  });
});
