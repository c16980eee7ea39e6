/** Full-size ResNet-101 with hash weights: logits of the three variants against a float64 reference. */
import { describe, expect, it } from "vitest";
import { hashedInput, paperFcnTensors } from "../bench/hashed-weights.js";
import { layoutNamed, layouts } from "../src/kernel/layout.js";
import { FCN_VARIANTS } from "../src/models/fcn-head.js";
import { Graph } from "../src/plan/graph.js";
import { Plan } from "../src/plan/plan.js";
import { WeightStore } from "../src/plan/weight-store.js";
import { useDevice } from "./helpers/device.js";
import { hashedCheckpoint } from "./helpers/hashed-checkpoint.js";
import { paperNetwork } from "./helpers/networks.js";
import { float32File, largestDifference } from "./helpers/reference-maps.js";

const device = useDevice();
const checkpoint = hashedCheckpoint(paperFcnTensors());
const SIZES = [
  ["a64", 64, 64],
  ["b97x131", 97, 131],
] as const;

describe.each(FCN_VARIANTS)("%s over full-size ResNet-101", (variant) => {
  it("gives logits within 1e-3 of float64 at both sizes", async () => {
    const network = paperNetwork(checkpoint, variant);
    const store = new WeightStore(device());
    for (const [tag, h, w] of SIZES) {
      const graph = new Graph();
      const shape = [1, 3, h, w] as const;
      graph.output("logits", network.logits(graph, graph.input("x", shape, "nhwc4"), [h, w]));
      const plan = await Plan.create(device(), graph, store);
      const { outputs } = await plan.run({ x: new Uint8Array(layouts.nhwc4.pack(hashedInput(tag, shape), shape)) });
      const logits = outputs.get("logits");
      if (!logits) throw new Error("no logits");
      const difference = largestDifference(
        layoutNamed(logits.layout).unpack(logits.bytes, logits.shape),
        float32File(`test/fixtures/golden/${variant}.${tag}.logits.f32`),
      );
      console.log(`${variant} ${tag}: largest difference ${difference.toExponential(2)}`);
      expect(difference).toBeLessThan(1e-3);
      plan.dispose();
    }
    store.dispose();
  });
});
