/** Textures of a plan are zeroed while the host reads and packs its weights. */
import { describe, expect, it } from "vitest";
import { conv2d } from "../shaders/conv2d/kernel.js";
import { createTexture, destroy, zeroTextures } from "../src/gpu/memory.js";
import { Tensor } from "../src/gpu/tensor.js";
import { layoutNamed } from "../src/kernel/layout.js";
import { elements } from "../src/kernel/shape.js";
import type { Nchw } from "../src/kernel/shape.js";
import type { Weight } from "../src/kernel/weight.js";
import { Graph } from "../src/plan/graph.js";
import { Plan } from "../src/plan/plan.js";
import { WeightStore } from "../src/plan/weight-store.js";
import { countingSubmits } from "./helpers/count-submits.js";
import { useDevice } from "./helpers/device.js";

const device = useDevice();

describe("textures", () => {
  it("are zero after zeroTextures(), whatever was in them", async () => {
    const shapes: Nchw[] = [
      [1, 4, 3, 6],
      [1, 8, 65, 64],
    ];
    const tensors = await Promise.all(
      shapes.map((shape) =>
        Tensor.from(device(), new Float32Array(elements(shape)).fill(3), shape, { layout: "tex4" }),
      ),
    );
    for (const tensor of tensors) expect(new Set(await tensor.read())).toEqual(new Set([3]));
    zeroTextures(
      device(),
      tensors.map(({ memory }) => memory),
    );
    for (const tensor of tensors) {
      expect(new Set(await tensor.read())).toEqual(new Set([0]));
      tensor.dispose();
    }
  });

  it("have one view, however often they are bound", () => {
    const texture = createTexture(device(), "t", { width: 1, height: 1 });
    if (texture.kind !== "texture") throw new Error("a buffer");
    expect(texture.view).toBe(texture.view);
    destroy(texture);
  });

  it("of a plan are zeroed before its weights are read; a plan without textures submits nothing", async () => {
    const graphOf = (read: () => Promise<Float32Array>): Graph => {
      const weight: Weight = { name: "w", shape: [8, 8, 1, 1], read };
      const graph = new Graph();
      const { y } = graph.op("first", conv2d, { x: graph.input("x", [1, 8, 5, 5], "nhwc4"), weight });
      graph.output("y", graph.op("second", conv2d, { x: y, weight }).y, "nhwc4");
      return graph;
    };
    const store = new WeightStore(device());
    const plan = await Plan.create(
      device(),
      graphOf(() => Promise.resolve(new Float32Array(64))),
      store,
    );
    const made = plan.steps.flatMap(({ outputs }) => Object.values(outputs));
    const hasTextures = made.some(({ layout }) => layoutNamed(layout).extent?.([1, 8, 5, 5]));
    plan.dispose();
    const unread = new Error("no file");
    const submits = await countingSubmits(device(), async () => {
      const failing = Plan.create(
        device(),
        graphOf(() => Promise.reject(unread)),
        store,
      );
      await expect(failing).rejects.toBe(unread);
    });
    expect(submits).toBe(hasTextures ? 1 : 0);
    store.dispose();
  });
});
