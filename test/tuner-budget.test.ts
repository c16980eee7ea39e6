/** The time for measuring kernel variants is one budget for a model, on whatever device it runs. */
import { expect, it, vi } from "vitest";
import { conv2d } from "../shaders/conv2d/kernel.js";
import { loadFcn, requestDevice } from "../src/node.js";
import { Graph } from "../src/plan/graph.js";
import { Tuner } from "../src/tuning/tuner/tuner.js";
import type { MeasureVariant } from "../src/tuning/tuner/tuner.js";
import { noisePicture } from "./helpers/pictures.js";

const weight = { name: "w", shape: [8, 8, 3, 3], read: () => Promise.resolve(new Float32Array(8 * 8 * 9)) };

it("is shared by tuners with the same options", async () => {
  const gpu = await requestDevice();
  Object.defineProperty(gpu, "software", { value: false }); // a GPU has rivals to measure
  const graph = new Graph();
  const x = graph.input("x", [1, 8, 14, 14], "nhwc4");
  graph.output("y", graph.op("a", conv2d, { x, weight }, { padding: 1 }).y);
  let clock = 0;
  const seen: string[] = [];
  const measure: MeasureVariant = (_, { variant }) => {
    clock += 800;
    return Promise.resolve(seen.push(variant));
  };
  const options = { tuneBudget: 1500 };
  for (let i = 0; i < 3; i++) await new Tuner(gpu, options, { measure, now: () => clock }).choose(graph);
  expect(seen).toHaveLength(2); // 1,600 ms
  gpu.dispose();
});

it("is not given again after a recovery", async () => {
  const options: unknown[] = [];
  const choose = vi.spyOn(Tuner.prototype, "choose").mockImplementation(async function (this: Tuner) {
    options.push(this.options);
    return () => undefined;
  });
  const fcn = await loadFcn({ tune: 5 });
  await fcn.segment(noisePicture(8, 8));
  fcn.device.gpu.destroy();
  await fcn.recover();
  await fcn.segment(noisePicture(8, 8));
  fcn.dispose();
  choose.mockRestore();
  const [before] = options;
  expect(before).toMatchObject({ tuneBudget: 5 });
  expect(options.length).toBeGreaterThan(1);
  expect(options.every((one) => one === before)).toBe(true);
});
