/** Plans that read tensors of the GPU and give tensors: nothing goes over the host. */
import { describe, expect, it } from "vitest";
import { conv2d } from "../shaders/conv2d/kernel.js";
import { relu } from "../shaders/relu/kernel.js";
import { requestDevice } from "../src/gpu/node-device.js";
import { runKernel } from "../src/gpu/run-kernel.js";
import { Tensor } from "../src/gpu/tensor.js";
import { layoutNamed, layouts } from "../src/kernel/layout.js";
import type { LayoutName } from "../src/kernel/layout.js";
import { elements } from "../src/kernel/shape.js";
import type { Nchw } from "../src/kernel/shape.js";
import type { Weight } from "../src/kernel/weight.js";
import { Graph } from "../src/plan/graph.js";
import { Plan } from "../src/plan/plan.js";
import type { PlanOptions } from "../src/plan/plan-options.js";
import { WeightStore } from "../src/plan/weight-store.js";
import { countingCreations } from "./helpers/count-creations.js";
import { useDevice } from "./helpers/device.js";
import { expectError } from "./helpers/expect-error.js";
import { watchMemory } from "./helpers/live-memory.js";
import { nextTurn } from "./helpers/promises.js";
import { seeded } from "./helpers/random.js";

const device = useDevice();
const SHAPE: Nchw = [1, 6, 9, 7];
const values = (seed: number): Float32Array => new Float32Array(elements(SHAPE)).map(seeded(seed));
const bytes = (seed: number): Uint8Array => new Uint8Array(layouts.nhwc4.pack(values(seed), SHAPE));

const data = new Float32Array(6 * 6 * 9).map((_, i) => Math.sin(i));
const weight: Weight = { name: "w", shape: [6, 6, 3, 3], read: () => Promise.resolve(data.slice()) };

/** A convolution that keeps the shape. `from` and `to` are the layouts of its input and its output. */
function graphOf(from: LayoutName = "nhwc4", to?: LayoutName): Graph {
  const graph = new Graph();
  const x = graph.input("x", SHAPE, from);
  graph.output("y", graph.op("conv", conv2d, { x, weight }, { padding: 1, relu: true }).y, to);
  return graph;
}

async function withPlan(graph: Graph, options: PlanOptions, use: (plan: Plan) => Promise<void>): Promise<void> {
  const store = new WeightStore(device());
  const plan = await Plan.create(device(), graph, store, undefined, options);
  try {
    await use(plan);
  } finally {
    plan.dispose();
    store.dispose();
  }
}

async function valuesOf(plan: Plan, x: ArrayBufferView | Tensor): Promise<number[]> {
  const y = (await plan.run({ x })).outputs.get("y");
  if (!y) throw new Error("no y");
  return Array.from(layoutNamed(y.layout).unpack(y.bytes, y.shape));
}

async function tensorOf(plan: Plan, x: ArrayBufferView | Tensor): Promise<Tensor> {
  const y = (await plan.runToTensors({ x })).get("y");
  if (!y) throw new Error("no y");
  return y;
}

describe("a plan whose input is a tensor", () => {
  it("gives what it gives for the same bytes, creates nothing, and leaves the tensor alone", async () => {
    await withPlan(graphOf(), { inFlight: 2 }, async (plan) => {
      const expected = [await valuesOf(plan, bytes(1)), await valuesOf(plan, bytes(2))];
      const tensors = [await Tensor.from(device(), values(1), SHAPE), await Tensor.from(device(), values(2), SHAPE)];
      let together: number[][] = [];
      const created = await countingCreations(device(), async () => {
        together = await Promise.all([...tensors, ...tensors].map((x) => valuesOf(plan, x)));
      });
      expect(created).toEqual({});
      expect(together).toEqual([...expected, ...expected]);
      expect(Array.from((await tensors[0]?.read()) ?? [])).toEqual(Array.from(values(1)));
      tensors.forEach((tensor) => tensor.dispose());
      expect(await valuesOf(plan, bytes(1))).toEqual(expected[0]);
    });
  });

  it.each(["nhwc4-f16", "tex4"] as const)("takes layout %s, as the graph declares it", async (layout) => {
    await withPlan(graphOf(layout), {}, async (plan) => {
      const x = await Tensor.from(device(), values(3), SHAPE, { layout });
      const got = await valuesOf(plan, x);
      expect(got).toEqual(await valuesOf(plan, new Uint8Array(await x.readBytes())));
      expect(got.some((value) => value > 0)).toBe(true);
      x.dispose();
    });
  });

  it("takes what a kernel gave", async () => {
    const x = await Tensor.from(device(), values(4), SHAPE);
    const { y } = await runKernel(device(), relu, { x });
    await withPlan(graphOf(y.layout), {}, async (plan) => {
      const host = new Uint8Array(layoutNamed(y.layout).pack(await y.read(), SHAPE));
      expect(await valuesOf(plan, y)).toEqual(await valuesOf(plan, host));
    });
    x.dispose();
    y.dispose();
  });

  it("refuses tensors of another shape, layout or device, and those that were disposed", async () => {
    const other = await requestDevice();
    const refused = async (x: Tensor, code: string, sentence: string | RegExp): Promise<void> => {
      await withPlan(graphOf(), {}, async (plan) => {
        await expectError(() => plan.run({ x }), code, sentence);
        await expectError(() => plan.runToTensors({ x }), code, sentence);
      });
      x.dispose();
    };
    await refused(
      await Tensor.from(device(), values(1), [1, 6, 7, 9]),
      "bad-shape",
      'plan: input "x" is declared as [1,6,9,7], the tensor is [1,6,7,9]',
    );
    await refused(
      await Tensor.from(device(), values(1), SHAPE, { dtype: "f16" }),
      "bad-shape",
      'plan: input "x" is declared with layout nhwc4, the tensor has nhwc4-f16; declare the input with tensor.layout',
    );
    await refused(
      await Tensor.from(other, values(1), SHAPE),
      "bad-shape",
      'plan: input "x" is on another device; read it and create it again on the plan\'s device',
    );
    const gone = await Tensor.from(device(), values(1), SHAPE);
    gone.dispose();
    await refused(gone, "disposed", /^tensor \[1,6,9,7\] was disposed$/);
    other.dispose();
  });
});

describe("runToTensors", () => {
  it("gives tensors of the caller's with the values of run()", async () => {
    await withPlan(graphOf(), {}, async (plan) => {
      const expected = await valuesOf(plan, bytes(1));
      const [first, second] = [await tensorOf(plan, bytes(1)), await tensorOf(plan, bytes(2))];
      expect([first.shape, first.device, first.label]).toEqual([SHAPE, device(), "y"]);
      expect(Array.from(await first.read()), "after another run").toEqual(expected);
      const chained = await tensorOf(plan, await Tensor.from(device(), await second.read(), SHAPE));
      expect(Array.from(await chained.read()).some((value) => value > 0)).toBe(true);
      [first, second, chained].forEach((tensor) => tensor.dispose());
    });
  });

  it.each(["nhwc4", "nhwc4-f16", "tex4"] as const)("gives layout %s where the graph asks for it", async (layout) => {
    await withPlan(graphOf("nhwc4", layout), {}, async (plan) => {
      const y = await tensorOf(plan, bytes(1));
      expect(y.layout).toBe(layout);
      const got = await y.read();
      (await valuesOf(plan, bytes(1))).forEach((value, i) => expect(got[i]).toBe(value));
      y.dispose();
    });
  });

  it("chains plans on the GPU: the second reads what the first gave", async () => {
    await withPlan(graphOf("nhwc4", "nhwc4"), { readback: false }, async (first) => {
      await withPlan(graphOf(), {}, async (second) => {
        const y = await tensorOf(first, bytes(1));
        const host = new Uint8Array(layouts.nhwc4.pack(await y.read(), SHAPE));
        expect(await valuesOf(second, y)).toEqual(await valuesOf(second, host));
        y.dispose();
      });
    });
  });

  it("runs in turn with other runs of its plan", async () => {
    await withPlan(graphOf(), { inFlight: 2 }, async (plan) => {
      const expected = [await valuesOf(plan, bytes(1)), await valuesOf(plan, bytes(2))];
      const [a, y, b] = await Promise.all([
        valuesOf(plan, bytes(1)),
        tensorOf(plan, bytes(2)),
        valuesOf(plan, bytes(1)),
      ]);
      expect([a, Array.from(await y.read()), b]).toEqual([expected[0], expected[1], expected[0]]);
      y.dispose();
    });
  });
});

describe("readback: false", () => {
  it("keeps no staging buffers and maps nothing; run() says what to call instead", async () => {
    let withStaging = 0;
    await withPlan(graphOf(), {}, async (plan) => void (withStaging = plan.bytes));
    await withPlan(graphOf(), { readback: false }, async (plan) => {
      expect(withStaging - plan.bytes).toBeGreaterThanOrEqual(4 * elements(SHAPE));
      const created = await countingCreations(device(), async () => (await tensorOf(plan, bytes(1))).dispose());
      expect((created.createBuffer ?? 0) + (created.createTexture ?? 0)).toBe(1);
      await expectError(
        () => plan.run({ x: bytes(1) }),
        "bad-option",
        "plan: it was made with readback: false and cannot bring outputs to the host; call runToTensors()",
      );
    });
  });

  it("leaves no memory behind, after an error either", async () => {
    const store = new WeightStore(device());
    const plan = await Plan.create(device(), graphOf(), store, undefined, { readback: false });
    const live = watchMemory(device());
    const y = await tensorOf(plan, bytes(1));
    expect(live.count).toBe(1);
    y.dispose();
    await expectError(() => plan.runToTensors({ x: new Uint8Array(4) }), "bad-shape", /needs 2016 bytes, got 4/);
    expect(live.count).toBe(0);
    plan.dispose();
    await expectError(() => plan.runToTensors({ x: bytes(1) }), "disposed", /this plan was disposed/);
    await nextTurn();
    live.stop();
    store.dispose();
  });
});

describe("WeightStore.free", () => {
  it("frees all copies of these weights, and reads them again when they are needed", async () => {
    const store = new WeightStore(device());
    const live = watchMemory(device());
    const plan = await Plan.create(device(), graphOf(), store);
    const [held, expected] = [store.bytes, await valuesOf(plan, bytes(1))];
    expect(held).toBeGreaterThan(0);
    plan.dispose();
    await nextTurn();
    expect(live.bytes).toBe(held);
    await store.free([weight, { ...weight, name: "another" }]);
    expect([store.bytes, live.count]).toEqual([0, 0]);
    const again = await Plan.create(device(), graphOf(), store);
    expect([store.bytes, await valuesOf(again, bytes(1))]).toEqual([held, expected]);
    again.dispose();
    store.dispose();
    live.stop();
  });
});

it("a tensor keeps the shape that it was made with", async () => {
  const shape: [number, number, number, number] = [1, 1, 2, 2];
  const x = await Tensor.from(device(), [1, 2, 3, 4], shape);
  shape.fill(50);
  expect([x.shape, [...(await x.read())]]).toEqual([
    [1, 1, 2, 2],
    [1, 2, 3, 4],
  ]);
  x.dispose();
});
