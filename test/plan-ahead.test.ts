/**
 * Software adapters compile a pipeline when it first runs. Plans run one workgroup of each before they read weights, of
 * variants that say `ahead`.
 */
import { describe, expect, it, vi } from "vitest";
import { conv2d, registry } from "../shaders/index.js";
import type { Device } from "../src/gpu/device.js";
import { usableVariants } from "../src/kernel/choice.js";
import { makeProblem } from "../src/kernel/kernel.js";
import { layouts } from "../src/kernel/layout.js";
import type { KernelCase, RegistryEntry } from "../src/kernel/registry.js";
import { elements } from "../src/kernel/shape.js";
import type { Nchw } from "../src/kernel/shape.js";
import type { Weight } from "../src/kernel/weight.js";
import { requestDevice } from "../src/node.js";
import { Graph } from "../src/plan/graph.js";
import { Plan } from "../src/plan/plan.js";
import { WeightStore } from "../src/plan/weight-store.js";
import { useDevice } from "./helpers/device.js";
import { runCase } from "./helpers/run-case.js";

const naive = { ...conv2d.variants.naive, ahead: true };
const early = { ...conv2d, variants: { naive } } as unknown as typeof conv2d;
const late = { ...conv2d, variants: { naive: conv2d.variants.naive } } as unknown as typeof conv2d;

/** Notes the dispatches of a device: their workgroups. */
function watchDispatches({ gpu }: Device, events: string[]): void {
  const create = gpu.createCommandEncoder.bind(gpu);
  vi.spyOn(gpu, "createCommandEncoder").mockImplementation((descriptor) => {
    const encoder = create(descriptor);
    const begin = encoder.beginComputePass.bind(encoder);
    encoder.beginComputePass = (options) => {
      const pass = begin(options);
      const dispatch = pass.dispatchWorkgroups.bind(pass);
      pass.dispatchWorkgroups = (...grid: [number, number?, number?]) => {
        events.push(`dispatch ${grid.join("x")}`);
        dispatch(...grid);
      };
      return pass;
    };
    return encoder;
  });
}

/** Two convolutions by one pipeline. */
function graphOf(kernel: typeof conv2d, shape: Nchw, weights: readonly Weight[]): Graph {
  const graph = new Graph();
  let value = graph.input("x", shape, "nhwc4");
  for (const weight of weights) value = graph.op(weight.name, kernel, { x: value, weight }, { padding: 1 }).y;
  graph.output("y", value, "nhwc4");
  return graph;
}

async function onOwnDevice(software: boolean, use: (device: Device, events: string[]) => Promise<void>) {
  const own = await requestDevice();
  Object.defineProperty(own, "software", { value: software });
  const events: string[] = [];
  watchDispatches(own, events);
  await use(own, events);
  own.dispose();
}

/** Weights of a convolution of four channels. Each notes when it is read. */
const weightsThatNote = (events: string[]): Weight[] =>
  ["first", "second"].map((name) => ({
    name,
    shape: [4, 4, 3, 3],
    read: () => {
      events.push(`read ${name}`);
      return Promise.resolve(new Float32Array(144).fill(0.01));
    },
  }));

const SHAPE: Nchw = [1, 4, 20, 20];

describe("a plan", () => {
  it("runs one workgroup of each pipeline before it reads weights, on a software adapter, and once", () =>
    onOwnDevice(true, async (own, events) => {
      const store = new WeightStore(own);
      const weights = weightsThatNote(events);
      const plan = await Plan.create(own, graphOf(early, SHAPE, weights), store);
      expect(events.splice(0)).toEqual(["dispatch 1x1x1", "read first", "read second"]);
      const other = await Plan.create(own, graphOf(early, [1, 4, 9, 31], weights), store);
      expect(events.splice(0)).toEqual([]);
      const x = new Uint8Array(layouts.nhwc4.pack(new Float32Array(elements(SHAPE)).fill(1), SHAPE));
      const { outputs } = await plan.run({ x });
      // Each value in the middle is a sum of 36 products, twice.
      const y = new Float32Array(outputs.get("y")?.bytes ?? new ArrayBuffer(0));
      expect(y[4 * (10 * 20 + 10)]).toBeCloseTo(0.36 ** 2, 5);
      plan.dispose();
      other.dispose();
      store.dispose();
    }));

  it.each([
    ["on a GPU", false, early],
    ["of variants that do not say `ahead`", true, late],
  ] as const)("runs nothing ahead %s", (_, software, kernel) =>
    onOwnDevice(software, async (own, events) => {
      const store = new WeightStore(own);
      const plan = await Plan.create(own, graphOf(kernel, SHAPE, weightsThatNote(events)), store);
      expect(events).toEqual(["read first", "read second"]);
      plan.dispose();
      store.dispose();
    }),
  );
});

it.each([
  ["waits for a software adapter after 96 MiB of weights, which are in memory twice until then", true, 1],
  ["does not wait for a GPU", false, 0],
] as const)("a plan %s", (_, software, waits) =>
  onOwnDevice(software, async (own) => {
    const store = new WeightStore(own);
    const done = vi.spyOn(own.gpu.queue, "onSubmittedWorkDone");
    const weights = ["a", "b", "c"].map((name) => ({
      name,
      shape: [4096, 4096, 1, 1],
      read: () => Promise.resolve(new Float32Array(2 ** 24)),
    }));
    const plan = await Plan.create(own, graphOf(early, [1, 4096, 1, 1], weights), store);
    expect(done).toHaveBeenCalledTimes(waits);
    plan.dispose();
    store.dispose();
  }),
);

describe("variants that say `ahead`", () => {
  const device = useDevice();
  const CASES = 4; // of each variant
  const usable = (entry: RegistryEntry, test: KernelCase): readonly string[] =>
    usableVariants(entry.kernel, makeProblem(entry.kernel, test.shapes, test.attrs), device());

  it("are those whose shaders take long to compile", () => {
    const kernels = registry.filter(({ kernel }) => Object.values(kernel.variants).some(({ ahead }) => ahead));
    const names = kernels.map(({ kernel }) => kernel.name);
    for (const name of ["conv2d", "conv-transpose2d", "project", "depthwise-conv2d", "resize-argmax"])
      expect(names).toContain(name);
  });

  it.each(registry.filter(({ kernel }) => Object.values(kernel.variants).some(({ ahead }) => ahead)))(
    "give $kernel.name's results after they ran so",
    async (entry) => {
      const { variants } = entry.kernel;
      let ran = 0;
      for (const name of Object.keys(variants).filter((key) => variants[key]?.ahead)) {
        const cases = entry.cases.filter((test) => !test.bench && usable(entry, test).includes(name));
        for (const test of cases.slice(0, CASES)) {
          // A device of its own has no pipeline that has run.
          await onOwnDevice(device().software, async (own, events) => {
            await runCase(own, entry, name, test);
            if (own.software) expect(events[0]).toBe("dispatch 1x1x1");
            ran += 1;
          });
        }
      }
      // GPUs have no variant that runs ahead.
      if (device().software) expect(ran).toBeGreaterThanOrEqual(CASES);
    },
  );
});
