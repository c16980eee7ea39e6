/** How graphs are divided into bands: every row is made once, in order, and what a band reads is still kept. */
import { describe, expect, it } from "vitest";
import { hashedVggTensor, vggTensors } from "../bench/hashed-vgg.js";
import { paperFcnTensors, torchvisionFcnTensors } from "../bench/hashed-weights.js";
import { convTranspose2d } from "../shaders/conv-transpose2d/kernel.js";
import { conv2d } from "../shaders/conv2d/kernel.js";
import { globalAveragePool } from "../shaders/global-average-pool/kernel.js";
import { maxPool2d } from "../shaders/max-pool2d/kernel.js";
import { usableVariants } from "../src/kernel/choice.js";
import { erase, makeProblem } from "../src/kernel/kernel.js";
import type { Kernel } from "../src/kernel/kernel.js";
import type { AnyProblem, Attrs } from "../src/kernel/problem.js";
import type { DeviceTraits } from "../src/kernel/variant.js";
import { assemble } from "../src/models/assemble.js";
import { modelOf } from "../src/models/model.js";
import { isSlowWhole } from "../src/models/network-on-device.js";
import { outputGraph } from "../src/models/output-graph.js";
import { bandGraph } from "../src/plan/bands/band-graph.js";
import { divideGraph } from "../src/plan/bands/divide.js";
import type { BandDivision } from "../src/plan/bands/divide.js";
import { needOf } from "../src/plan/bands/reach.js";
import type { Graph, Value } from "../src/plan/graph.js";
import { recognise } from "../src/weights/names.js";
import { hashedCheckpoint } from "./helpers/hashed-checkpoint.js";

/** A GPU with bindings of so many bytes. */
const gpuWith = (bytes: number): DeviceTraits => ({
  features: new Set(),
  limits: { maxStorageBufferBindingSize: bytes, maxBufferSize: bytes },
  vendor: "",
  architecture: "",
  subgroupSize: 32,
  software: false,
  cores: 40,
});

const CHECKPOINTS = {
  "ResNet-101": () => hashedCheckpoint(paperFcnTensors()),
  "dilated ResNet-50": () => hashedCheckpoint(torchvisionFcnTensors(21, 64, 50)),
  "VGG-16": () => hashedCheckpoint(vggTensors(), hashedVggTensor),
};

async function graphsOf(name: keyof typeof CHECKPOINTS): Promise<(height: number, width: number) => Graph> {
  const { assembled } = await assemble(recognise(CHECKPOINTS[name]()), {});
  const model = modelOf(assembled, { resize: "none" });
  return (height, width) => outputGraph(model, { kind: "labels", count: 1, height, width });
}

/** Follows the schedule, and checks that cells are made in order and are there when they are read. */
function follow({ grid, schedule, sections }: BandDivision, outputs: readonly Value[]): void {
  const made = new Map<Value, number>();
  const makers = new Set(sections.flatMap((section) => section.outputs));
  for (const { reads, makes } of schedule.bands) {
    for (const { source, start, cells } of reads) {
      if (!makers.has(source)) continue;
      const size = source.shape[2 + grid.axis] as number;
      const there = made.get(source) ?? 0;
      expect(there, source.name).toBeGreaterThanOrEqual(Math.min(start + cells, size));
      expect(there - Math.max(0, start), source.name).toBeLessThanOrEqual(schedule.kept.get(source) ?? 0);
    }
    for (const { value, start, from, to } of makes) {
      expect(from, value.name).toBe(made.get(value) ?? 0);
      expect(start).toBeLessThanOrEqual(from);
      expect(to).toBeGreaterThan(from);
      made.set(value, to);
    }
  }
  for (const output of outputs) expect(made.get(output)).toBe(output.shape[2 + grid.axis]);
}

describe("a schedule", () => {
  it.each(Object.keys(CHECKPOINTS) as (keyof typeof CHECKPOINTS)[])("of %s makes every row once", async (name) => {
    const graphOf = await graphsOf(name);
    for (const [height, width, bytes] of [
      [3000, 4000, 2 ** 27],
      [1201, 777, 2 ** 24],
      [130, 6001, 2 ** 22],
    ] as const) {
      const graph = graphOf(height, width);
      const division = divideGraph(graph, { device: gpuWith(bytes), precision: "f32" });
      expect(division.schedule.bands.length).toBeGreaterThan(1);
      const outputs = [...graph.outputs.values()].map(({ value }) => value);
      follow(division, outputs);
    }
  });

  it("of 12 and 100 million pixels keeps little, and computes little twice", async () => {
    const graphOf = await graphsOf("ResNet-101");
    for (const side of [3464, 10_000]) {
      const { sections, grid } = divideGraph(graphOf(side, side), { device: gpuWith(2 ** 27), precision: "f32" });
      const flops = { once: 0, all: 0 };
      for (const { nodes, bands } of sections) {
        for (const { node } of nodes) {
          const own = node.kernel.cost(node.problem).flops;
          const [value] = Object.values(node.outputs) as [Value];
          const share = (bands.extents.get(value)?.cells ?? 0) / (value.shape[2 + grid.axis] as number);
          flops.once += own;
          flops.all += own * share * bands.count;
        }
      }
      expect(flops.all / flops.once).toBeLessThan(1.35);
    }
  }, 60_000);

  it("pads in memory what pads wider than its window, dilation included", async () => {
    const viewsOf = async (name: keyof typeof CHECKPOINTS): Promise<number> => {
      const graph = (await graphsOf(name))(700, 500);
      return divideGraph(graph, { device: gpuWith(2 ** 24), precision: "f32" }).grid.views.size;
    };
    expect([await viewsOf("dilated ResNet-50"), await viewsOf("VGG-16")]).toEqual([0, 1]);
  });

  it("takes the variants of the whole graph's calls, also where a band reads a padded view", async () => {
    const graph = (await graphsOf("VGG-16"))(700, 500);
    const device = gpuWith(2 ** 24);
    const { grid, sections } = divideGraph(graph, { device, precision: "f32" });
    const layouts = new Map([...graph.inputs.values()].map(({ value, layout }) => [value, layout]));
    const asked = new Set<string>();
    const choice = (_: Kernel, problem: AnyProblem): undefined => void asked.add(JSON.stringify(problem));
    for (const section of sections) bandGraph(grid, section, layouts, { device, choice, precision: "f32" });
    expect(asked.size).toBeGreaterThan(10);
    expect(graph.callsOn(device, "f32").filter(({ problem }) => !asked.has(JSON.stringify(problem)))).toEqual([]);
  });

  it("is refused with the tensor that does not fit", async () => {
    const graphOf = await graphsOf("ResNet-101");
    expect(() => divideGraph(graphOf(9000, 9000), { device: gpuWith(2 ** 20), precision: "f32" })).toThrow(
      /^in bands, tensor backbone\.\S+ \[1,\d+,\d+,\d+\] needs maxStorageBufferBindingSize \d+, .* offers 1048576/,
    );
  });
});

describe("software adapters", () => {
  it.each([4, 8])("with subgroups of %i cut what their fast convolutions cannot take whole", (subgroupSize) => {
    const limits = { maxComputeWorkgroupsPerDimension: 65_535 };
    const traits = { ...gpuWith(0), limits, features: new Set(["subgroups"]), software: true, subgroupSize };
    let side = 8192;
    while (isSlowWhole(traits, [side, side])) side--;
    expect(side ** 2).toBeGreaterThan(0.95 * subgroupSize * 2 ** 20);
    const padded = 32 * Math.ceil((side - 1) / 32) + 1; // as the default network pads
    const shapes = { x: [1, 3, padded, padded], weight: [32, 3, 3, 3] } as const;
    const problem = makeProblem(erase(conv2d), shapes, { stride: 2, padding: 1, relu6: true });
    expect(usableVariants(erase(conv2d), problem, traits)).toContain(`lanes-${subgroupSize}`);
    expect(isSlowWhole(traits, [8192, 10])).toBe(true);
    expect(isSlowWhole({ ...traits, software: false }, [9000, 9000])).toBe(false);
  });
});

describe("what a row of the output needs", () => {
  const problemOf = (
    kernel: Parameters<typeof makeProblem>[0],
    shapes: Record<string, readonly number[]>,
    attrs: Attrs,
  ) => makeProblem(kernel, shapes, attrs);

  it.each([
    {
      kernel: erase(conv2d),
      shapes: { x: [1, 4, 40, 30], weight: [4, 4, 3, 5] },
      attrs: { stride: [2, 1], padding: [1, 2] },
    },
    { kernel: erase(conv2d), shapes: { x: [1, 4, 40, 30], weight: [4, 4, 3, 3] }, attrs: { dilation: 4, padding: 4 } },
    { kernel: erase(maxPool2d), shapes: { x: [1, 4, 41, 30] }, attrs: { kernel: 2, ceil_mode: true } },
    {
      kernel: erase(convTranspose2d),
      shapes: { x: [1, 4, 9, 7], weight: [4, 4, 4, 4] },
      attrs: { stride: 2, padding: 1 },
    },
    {
      kernel: erase(convTranspose2d),
      shapes: { x: [1, 4, 9, 7], weight: [4, 4, 16, 16] },
      attrs: { stride: 8, crop: [61, 40], crop_offset: 5 },
    },
  ] as const)("of $kernel.name is what its taps reach", ({ kernel, shapes, attrs }) => {
    const problem = problemOf(kernel, shapes, attrs);
    const isTransposed = kernel.name === "conv-transpose2d";
    const pairOf = (name: string, or: number): readonly number[] => {
      const value = problem.attrs[name] ?? or;
      return typeof value === "object" ? value : [Number(value), Number(value)];
    };
    for (const axis of [0, 1] as const) {
      const need = needOf(kernel.name, problem, axis, "x");
      if (typeof need !== "object") throw new Error(`${kernel.name} needs ${need}`);
      const taps = problem.in.weight?.[2 + axis] ?? pairOf("kernel", 0)[axis] ?? 0;
      const stride = pairOf("stride", 0)[axis] || taps;
      const [padding, dilation, crop] = ["padding", "dilation", "crop_offset"].map(
        (n) => pairOf(n, n === "dilation" ? 1 : 0)[axis],
      );
      for (let o = 0; o < (problem.out.y?.[2 + axis] as number); o++) {
        const reached = Array.from({ length: taps }, (_, tap) => {
          if (!isTransposed) return o * stride - (padding as number) + tap * (dilation as number);
          return (o + (padding as number) + (crop as number) - tap) / stride;
        }).filter(Number.isInteger);
        expect(Math.ceil((o * need.down + need.first) / need.up)).toBeCloseTo(Math.min(...reached), 9);
        expect(Math.floor((o * need.down + need.last) / need.up)).toBeCloseTo(Math.max(...reached), 9);
      }
    }
  });

  it("of a mean, and of kernels that nobody listed, is the whole", () => {
    const mean = makeProblem(erase(globalAveragePool), { x: [1, 4, 9, 7] });
    expect(needOf("global-average-pool", mean, 0, "x")).toBe("whole");
    expect(needOf("my-own-kernel", mean, 0, "x")).toBe("whole");
  });
});
