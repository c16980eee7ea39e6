/** States: tensors of the caller's that a plan reads where they are, and that its kernels update. */
import { describe, expect, it } from "vitest";
import { add } from "../shaders/add/kernel.js";
import { channelSum } from "../shaders/channel-sum/kernel.js";
import { relu } from "../shaders/relu/kernel.js";
import { sumParts } from "../shaders/sum-parts/kernel.js";
import { runKernel } from "../src/gpu/run-kernel.js";
import { Tensor } from "../src/gpu/tensor.js";
import { defineKernel } from "../src/kernel/kernel.js";
import { sizeOf } from "../src/kernel/layout.js";
import { u32 } from "../src/kernel/problem.js";
import { GivenGraph } from "../src/plan/given-graph.js";
import type { Graph } from "../src/plan/graph.js";
import type { Value } from "../src/plan/graph.js";
import { StateGraph } from "../src/plan/state-graph.js";
import { Plan } from "../src/plan/plan.js";
import { WeightStore } from "../src/plan/weight-store.js";
import { useDevice } from "./helpers/device.js";
import { expectError } from "./helpers/expect-error.js";

const device = useDevice();

/** w + x, written over w. */
const increase = defineKernel({
  name: "increase",
  shaders: {
    naive: `
      struct Params { values: u32 }
      @group(0) @binding(0) var<storage, read> x: array<f32>;
      @group(0) @binding(1) var<storage, read_write> increased: array<f32>;
      @group(0) @binding(2) var<uniform> params: Params;
      @compute @workgroup_size(64)
      fn main(@builtin(global_invocation_id) id: vec3u) {
        if (id.x < params.values) { increased[id.x] += x[id.x]; }
      }`,
  },
  inputs: { w: { role: "tensor", layout: "nchw" }, x: { role: "tensor", layout: "nchw" } },
  outputs: { increased: { role: "tensor", layout: "nchw", updates: "w" } },
  attrs: {},
  shape: ({ w }) => ({ increased: w }),
  params: ({ in: { w } }) => ({ values: u32(sizeOf(w)) }),
  overrides: () => ({}),
  cost: ({ in: { w } }) => ({ flops: sizeOf(w), bytes: 12 * sizeOf(w) }),
  variants: { naive: { wgsl: "naive", workgroup: [64, 1, 1], threads: ({ in: { w } }) => [sizeOf(w), 1, 1] } },
});

const shape = [1, 3, 1, 2] as const;
const tensor = (values: readonly number[], layout: "nchw" | "nhwc4" = "nchw"): Promise<Tensor> =>
  Tensor.from(device(), values, shape, { layout });

function increasing(state: Tensor, times = 1): StateGraph {
  const graph = new StateGraph();
  let w = graph.state("w", state);
  const x = graph.input("x", shape, "nchw");
  for (let i = 0; i < times; i++) w = graph.op(`increase ${i}`, increase, { w, x }).increased;
  graph.output("w", w);
  return graph;
}

const planOf = (graph: Graph): Promise<Plan> => Plan.create(device(), graph, new WeightStore(device()));

describe("a state", () => {
  it("keeps what each run writes over it", async () => {
    const w = await tensor([1, 2, 3, 4, 5, 6]);
    const plan = await planOf(increasing(w));
    const x = new Float32Array([1, 1, 1, 1, 1, 10, 0, 0]);
    for (let run = 0; run < 3; run++) await plan.run({ x });
    expect([...(await w.read())]).toEqual([4, 5, 6, 7, 8, 36]);
    plan.dispose();
    expect([...(await w.read())]).toEqual([4, 5, 6, 7, 8, 36]);
  });

  it("may be updated several times in a run, in order", async () => {
    const plan = await planOf(increasing(await tensor([0, 0, 0, 0, 0, 0]), 3));
    const { outputs } = await plan.run({ x: new Float32Array([1, 2, 3, 4, 5, 6, 0, 0]) });
    expect([...new Float32Array(outputs.get("w")?.bytes as ArrayBuffer)].slice(0, 6)).toEqual([3, 6, 9, 12, 15, 18]);
  });

  it("is read by several kernels where it is", async () => {
    const graph = new StateGraph();
    const w = graph.state("w", await tensor([1, 2, 3, 4, 5, 6], "nhwc4"));
    const once = graph.op("a", add, { x: w, skip: w }).y;
    graph.output("y", graph.op("b", add, { x: once, skip: w }).y);
    const { outputs } = await (await planOf(graph)).run({});
    expect([...new Float32Array(outputs.get("y")?.bytes as ArrayBuffer)]).toEqual([3, 9, 15, 0, 6, 12, 18, 0]);
  });

  it("is an error where it was disposed of", async () => {
    const gone = await tensor([1, 2, 3, 4, 5, 6]);
    gone.dispose();
    await expectError(() => planOf(increasing(gone)), "disposed", /was disposed/);
  });
});

describe("a graph with states", () => {
  it("refuses to read a state that was written over", async () => {
    const graph = new StateGraph();
    const w = graph.state("w", await tensor([1, 2, 3, 4, 5, 6]));
    const x = graph.input("x", shape, "nchw");
    graph.op("first", increase, { w, x });
    expect(() => graph.op("second", increase, { w, x })).toThrow(
      "second: w was written over by first; read what that call returns",
    );
  });

  it("refuses to write over what is no state, and a name that is taken", async () => {
    const graph = new StateGraph();
    const x = graph.input("x", shape, "nchw");
    expect(() => graph.op("increase", increase, { w: x, x })).toThrow(
      "increase: it writes over x, which is no state; declare it with graph.state()",
    );
    const w = await tensor([1, 2, 3, 4, 5, 6]);
    graph.state("w", w);
    expect(() => graph.state("w", w)).toThrow('graph: state "w" is declared twice');
  });

  it("refuses a state in another layout than the kernel's that writes over it", async () => {
    const graph = new StateGraph();
    const w = graph.state("w", await tensor([1, 2, 3, 4, 5, 6], "nhwc4"));
    const x = graph.input("x", shape, "nchw");
    expect(() => graph.op("increase", increase, { w, x })).toThrow(
      "increase: it writes over w, which needs layout nchw and has nhwc4",
    );
  });
});

describe("a value that is no state", () => {
  /** Sums of channels, written over with more of them. `big` leaves a buffer with room for all of them. */
  function overwriting(): { graph: GivenGraph; total: Value; sum: Value } {
    const graph = new GivenGraph();
    const x = graph.input("x", [1, 4, 8, 8], "nhwc4");
    graph.op("big", relu, { x });
    const total = graph.op("total", channelSum, { dy: x }).parts;
    const { parts } = graph.op("parts", channelSum, { dy: x }, { splits: 2 });
    return { graph, total, sum: graph.op("sum", sumParts, { parts, total }).sum };
  }

  it("may be written over beside what else the call reads", async () => {
    const { graph, sum } = overwriting();
    graph.output("sum", sum);
    const plan = await planOf(graph);
    const { outputs } = await plan.run({ x: new Float32Array(4 * 64).map((_, i) => i % 4) });
    expect([...new Float32Array(outputs.get("sum")?.bytes as ArrayBuffer)]).toEqual([0, 128, 256, 384]);
    plan.dispose();
  });

  it("is not read after it was written over, nor an output", () => {
    const { graph, total } = overwriting();
    const gone = "total.parts was written over by sum; read what that call returns";
    expect(() => graph.op("again", sumParts, { parts: total, total })).toThrow(`again: ${gone}`);
    expect(() => graph.output("total", total)).toThrow(`graph: output "total": ${gone}`);
    const early = new GivenGraph();
    const w = early.input("w", shape, "nchw");
    early.output("before", w);
    expect(() => early.op("increase", increase, { w, x: early.input("x", shape, "nchw") })).toThrow(
      'increase: it writes over w, which is output "before"',
    );
  });
});

describe("runKernel", () => {
  it("gives back the tensor that an output updates", async () => {
    const w = await tensor([1, 2, 3, 4, 5, 6]);
    const { increased } = await runKernel(device(), increase, { w, x: await tensor([1, 1, 1, 1, 1, 1]) });
    expect(increased).toBe(w);
    expect([...(await w.read())]).toEqual([2, 3, 4, 5, 6, 7]);
  });

  it("refuses to update a tensor in another layout", async () => {
    const w = await tensor([1, 2, 3, 4, 5, 6], "nhwc4");
    const x = await tensor([1, 1, 1, 1, 1, 1]);
    await expectError(
      () => runKernel(device(), increase, { w, x }),
      "bad-shape",
      /writes over w, which needs layout nchw and has nhwc4; make it with/,
    );
  });
});
