/** Every ResNet of the paper, full width with hash weights: logits against float64, and how they are recognised. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hashedInput, paperFcnTensors, torchvisionFcnTensors } from "../bench/hashed-weights.js";
import { layoutNamed, layouts } from "../src/kernel/layout.js";
import { FCN_VARIANTS } from "../src/models/fcn-head.js";
import type { Network } from "../src/models/network.js";
import { torchvisionNetwork } from "../src/models/torchvision.js";
import { loadFcn } from "../src/node.js";
import { Graph } from "../src/plan/graph.js";
import { Plan } from "../src/plan/plan.js";
import { WeightStore } from "../src/plan/weight-store.js";
import { recognise } from "../src/weights/names.js";
import { Parameters } from "../src/weights/parameters.js";
import { useDevice } from "./helpers/device.js";
import { expectError } from "./helpers/expect-error.js";
import { hashedCheckpoint, hashedFile } from "./helpers/hashed-checkpoint.js";
import { paperNetwork } from "./helpers/networks.js";
import { float32File, largestDifference } from "./helpers/reference-maps.js";
import { logitsOfBothHeads, stripedPicture } from "./helpers/small-networks.js";

const device = useDevice();
const SHAPE = [1, 3, 33, 50] as const;
const input = hashedInput("n33x50", SHAPE);

const manifest = JSON.parse(readFileSync("test/fixtures/networks/manifest.json", "utf8")) as Record<
  string,
  { readonly absmax: number }
>;

/** The largest difference from the reference, over the largest logit. */
function relativeDifference(logits: ArrayLike<number>, name: string): number {
  const reference = float32File(`test/fixtures/networks/${name}.logits.f32`);
  return largestDifference(logits, reference) / (manifest[name]?.absmax ?? NaN);
}

async function logitsOf(network: Network, store: WeightStore): Promise<ArrayLike<number>> {
  const graph = new Graph();
  graph.output("logits", network.logits(graph, graph.input("x", SHAPE, "nhwc4"), [SHAPE[2], SHAPE[3]]));
  const plan = await Plan.create(device(), graph, store);
  const { outputs } = await plan.run({ x: new Uint8Array(layouts.nhwc4.pack(input, SHAPE)) });
  plan.dispose();
  const logits = outputs.get("logits");
  if (!logits) throw new Error("no logits");
  return layoutNamed(logits.layout).unpack(logits.bytes, logits.shape);
}

describe.each([18, 34, 50, 152])("FCNs over ResNet-%i", (depth) => {
  const checkpoint = hashedCheckpoint(paperFcnTensors(21, 64, depth));

  it("give logits within 1e-5 of the largest, all three variants", async () => {
    const store = new WeightStore(device());
    for (const variant of FCN_VARIANTS) {
      const network = paperNetwork(checkpoint, variant);
      const difference = relativeDifference(await logitsOf(network, store), `resnet${depth}.${variant}`);
      console.log(`ResNet-${depth} ${variant}: ${difference.toExponential(2)} of the largest logit`);
      expect(difference).toBeLessThan(1e-5);
    }
    store.dispose();
  });

  it("are recognised by their blocks", () => {
    const found = recognise(checkpoint);
    expect(found.description).toBe(`fcn-webgpu ResNet-${depth}: heads fcn8s, fcn16s, fcn32s, 21 classes`);
    expect(found.backbone).toMatchObject({ family: "resnet", depth });
  });
});

describe("torchvision's fcn_resnet50", () => {
  const file = hashedCheckpoint(torchvisionFcnTensors(21, 64, 50));

  it("gives both heads' logits within 1e-5 of the largest", async () => {
    const store = new WeightStore(device());
    const network = torchvisionNetwork(Parameters.of(file));
    expect(network.name).toBe("fcn-resnet50");
    const { out, aux } = await logitsOfBothHeads(network, store, input, [33, 50]);
    expect(relativeDifference(out, "fcn_resnet50.out")).toBeLessThan(1e-5);
    expect(relativeDifference(aux, "fcn_resnet50.aux")).toBeLessThan(1e-5);
    store.dispose();
  });

  it("is recognised, and loaded as what it is", async () => {
    const found = recognise(file);
    expect(found.description).toBe("torchvision fcn_resnet50: dilated, 21 classes, with aux head");
    expect(found.variants).toEqual(["fcn-resnet50"]);
    const weights = await hashedFile(torchvisionFcnTensors(5, 4, 50));
    const fcn = await loadFcn({ device: device(), weights, resize: "none" });
    expect([fcn.variant, fcn.resize]).toEqual(["fcn-resnet50", "none"]);
    expect((await fcn.segment(stripedPicture(20, 24))).labels).toHaveLength(20 * 24);
    fcn.dispose();
    for (const heads of ["file", "init"] as const)
      await expectError(
        () => loadFcn({ device: device(), weights, variant: "fcn-resnet101", heads }),
        "bad-weights",
        "weights in memory is torchvision fcn_resnet50: dilated, 5 classes, with aux head, 4 planes; " +
          "fcn-resnet101 has another backbone: load it as fcn-resnet50",
      );
  });
});

describe("backbones alone", () => {
  it.each([18, 34, 50, 101, 152])("ResNet-%i of any width gets untrained heads", async (depth) => {
    const bare = paperFcnTensors(21, 8, depth).filter(({ name }) => name.startsWith("backbone."));
    const weights = await hashedFile(bare);
    const fcn = await loadFcn({ device: device(), weights, heads: "init", variant: "fcn8s" });
    expect(fcn.notice).toMatch(/untrained/);
    expect((await fcn.segment(stripedPicture(33, 40))).labels).toHaveLength(33 * 40);
    fcn.dispose();
  });
});
