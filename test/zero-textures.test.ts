/** Textures of a plan are zeroed while the host reads and packs its weights. */
import { describe, expect, it } from "vitest";
import { conv2d } from "../shaders/conv2d/kernel.js";
import { BUFFER, MAP_MODE_READ } from "../src/gpu/flags.js";
import {
  createTexture,
  destroy,
  encodeCopy,
  readStaging,
  stagingSize,
  write,
  zeroTextures,
} from "../src/gpu/memory.js";
import type { Memory } from "../src/gpu/memory.js";
import { layoutNamed } from "../src/kernel/layout.js";
import type { Weight } from "../src/kernel/weight.js";
import { Graph } from "../src/plan/graph.js";
import { Plan } from "../src/plan/plan.js";
import { WeightStore } from "../src/plan/weight-store.js";
import { countingSubmits } from "./helpers/count-submits.js";
import { useDevice } from "./helpers/device.js";

const device = useDevice();

async function valuesOf(memory: Memory): Promise<Float32Array> {
  const { gpu } = device();
  const staging = gpu.createBuffer({ size: stagingSize(memory), usage: BUFFER.MAP_READ | BUFFER.COPY_DST });
  const encoder = gpu.createCommandEncoder();
  encodeCopy(encoder, memory, staging);
  gpu.queue.submit([encoder.finish()]);
  await staging.mapAsync(MAP_MODE_READ);
  const values = new Float32Array(readStaging(memory, staging.getMappedRange()));
  staging.destroy();
  return values;
}

describe("textures", () => {
  it("are zero after zeroTextures(), whatever was in them", async () => {
    const sizes = [
      { width: 7, height: 3 },
      { width: 65, height: 130 },
    ];
    const textures = sizes.map((size) => createTexture(device(), "t", size));
    for (const texture of textures) {
      write(device(), texture, new Float32Array(texture.size / 4).fill(3));
      expect(new Set(await valuesOf(texture))).toEqual(new Set([3]));
    }
    zeroTextures(device(), textures);
    for (const texture of textures) {
      expect(new Set(await valuesOf(texture))).toEqual(new Set([0]));
      destroy(texture);
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
