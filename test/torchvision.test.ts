/** torchvision's fcn_resnet101 against the float64 reference, and everything that comes with weights from elsewhere. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Graph } from "../src/graph.js";
import { layouts } from "../src/layout.js";
import { torchvisionNetwork } from "../src/models/torchvision.js";
import { Plan } from "../src/plan.js";
import { WeightStore } from "../src/weight-store.js";
import { recognise } from "../src/weights/names.js";
import { Parameters } from "../src/weights/parameters.js";
import { useDevice } from "./helpers/device.js";
import { hashedInput, torchvisionFcnTensors } from "./helpers/hashed.js";
import { hashedCheckpoint } from "./helpers/hashed-checkpoint.js";
import { float32File, largestDifference } from "./helpers/reference-maps.js";

const device = useDevice();

describe("fcn_resnet101 with hash weights against float64", () => {
  const network = torchvisionNetwork(Parameters.of(recognise(hashedCheckpoint(torchvisionFcnTensors())).checkpoint));
  let store: WeightStore;
  beforeAll(() => {
    store = new WeightStore(device());
  });
  afterAll(() => store.dispose());

  it.each([
    ["a64", 64, 64],
    ["b97x131", 97, 131],
  ] as const)("gives both heads' logits within 1e-3 for %s", async (tag, height, width) => {
    const graph = new Graph();
    const image = graph.input("image", [1, 3, height, width], "nhwc4");
    graph.output("fcn_resnet101", network.logits(graph, image));
    if (!network.auxLogits) throw new Error("no auxiliary head");
    graph.output("fcn_resnet101_aux", network.auxLogits(graph, image));
    const plan = await Plan.create(device(), graph, store);
    const input = layouts.nhwc4.pack(hashedInput(tag, [1, 3, height, width]), [1, 3, height, width]);
    const { outputs } = await plan.run({ image: new Uint8Array(input) });
    plan.dispose();
    for (const [name, { bytes, shape, layout }] of outputs) {
      const logits = layouts[layout].unpack(bytes, shape) as Float32Array;
      const error = largestDifference(logits, float32File(`test/fixtures/golden/${name}.${tag}.logits.f32`));
      expect(error, name).toBeLessThan(1e-3);
    }
  });
});
