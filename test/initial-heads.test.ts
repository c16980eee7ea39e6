/** Untrained heads: the values from which the paper starts, the same every time. */
import { describe, expect, it } from "vitest";
import { bilinear, paperFcnTensors } from "../bench/hashed-weights.js";
import { ownStyle } from "../src/layers/decoder-style.js";
import { withInitialHead } from "../src/models/own-heads/initial-heads.js";
import { hashedCheckpoint } from "./helpers/hashed-checkpoint.js";
import { backboneIn } from "./helpers/networks.js";

describe("initial heads", () => {
  const backbone = backboneIn(hashedCheckpoint(paperFcnTensors()));
  const style = ownStyle(new Map());
  const checkpoint = withInitialHead(hashedCheckpoint([]), { head: "fcn8s", classes: 3, backbone, style });

  it("have the paper's shapes, skip scores of zero and bilinear upsampling", async () => {
    const shapes = Object.fromEntries([...checkpoint.tensors.values()].map(({ name, shape }) => [name, [...shape]]));
    const ofPaper = paperFcnTensors(3).filter(({ name }) => name.startsWith("fcn8s."));
    expect(shapes).toEqual(Object.fromEntries(ofPaper.map(({ name, shape }) => [name, [...shape]])));
    for (const name of ["score16.weight", "score8.weight", "score32.bias", "score16.bias", "score8.bias"]) {
      const values = await checkpoint.read(`fcn8s.${name}`);
      expect(
        values.every((value) => value === 0),
        name,
      ).toBe(true);
    }
    const kernel = [...bilinear(4)];
    const zeros = kernel.map(() => 0);
    for (const up of ["up2", "up4"]) {
      const data = await checkpoint.read(`fcn8s.${up}.weight`);
      for (let pair = 0; pair < 9; pair++) {
        const isDiagonal = pair % 4 === 0;
        expect([...data.subarray(pair * 16, pair * 16 + 16)]).toEqual(isDiagonal ? kernel : zeros);
      }
    }
  });

  it("spread the coarsest scores as Kaiming does, the same every time", async () => {
    const data = await checkpoint.readFloat64("fcn8s.score32.weight");
    const bound = Math.sqrt(6 / 2048);
    const mean = data.reduce((a, b) => a + b, 0) / data.length;
    const deviation = Math.sqrt(data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length);
    expect(data.every((value) => Math.abs(value) <= bound)).toBe(true);
    expect(Math.abs(mean)).toBeLessThan(0.02 * bound);
    expect(Math.abs(deviation / Math.sqrt(2 / 2048) - 1)).toBeLessThan(0.03);
    expect(await checkpoint.readFloat64("fcn8s.score32.weight")).toEqual(data);
  });
});
