/** How a plan hands its work to the device. */
import { expect, it, vi } from "vitest";
import { add } from "../shaders/add/kernel.js";
import { layouts } from "../src/kernel/layout.js";
import { requestDevice } from "../src/node.js";
import { Graph } from "../src/plan/graph.js";
import { Plan } from "../src/plan/plan.js";
import { WeightStore } from "../src/plan/weight-store.js";

it("gives a GPU a long plan in parts of 16 to 31 dispatches, and a software adapter all at once", async () => {
  const submissions = async (software: boolean, nodes: number): Promise<[count: number, last: number | undefined]> => {
    const own = await requestDevice();
    Object.defineProperty(own, "software", { value: software });
    const graph = new Graph();
    let value = graph.input("x", [1, 4, 2, 2], "nhwc4");
    for (let i = 0; i < nodes; i++) value = graph.op(`add ${i}`, add, { x: value, skip: value }).y;
    graph.output("y", value);
    const store = new WeightStore(own);
    const plan = await Plan.create(own, graph, store);
    const submit = vi.spyOn(own.gpu.queue, "submit");
    const ones = new Uint8Array(layouts.nhwc4.pack(new Float32Array(16).fill(1), [1, 4, 2, 2]));
    const { outputs } = await plan.run({ x: ones });
    const count = submit.mock.calls.length;
    plan.dispose();
    own.dispose();
    return [count, new Float32Array(outputs.get("y")?.bytes ?? new ArrayBuffer(0)).at(-1)];
  };
  expect(await submissions(false, 31)).toEqual([1, 2 ** 31]);
  expect(await submissions(false, 32)).toEqual([2, 2 ** 32]);
  expect(await submissions(false, 79)).toEqual([4, 2 ** 79]);
  expect(await submissions(true, 79)).toEqual([1, 2 ** 79]);
});
