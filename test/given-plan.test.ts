/** Plans and graphs as callers make them: what they refuse, and when they read inputs. */
import { describe, expect, it } from "vitest";
import { conv2d } from "../shaders/conv2d/kernel.js";
import { conv2dWeightGradient } from "../shaders/conv2d-weight-gradient/kernel.js";
import { leakyRelu } from "../shaders/leaky-relu/kernel.js";
import { maxPool2d } from "../shaders/max-pool2d/kernel.js";
import { layouts } from "../src/kernel/layout.js";
import { Graph, Plan, Tensor, WeightStore, requestDevice } from "../src/node.js";
import type { Weight } from "../src/node.js";
import { useDevice } from "./helpers/device.js";
import { expectError } from "./helpers/expect-error.js";

const device = useDevice();

function graphOf(): Graph {
  const graph = new Graph();
  const weight = { name: "w", shape: [1, 1, 1, 1], read: () => Promise.resolve(Float32Array.of(1)) };
  graph.output("y", graph.op("y", conv2d, { x: graph.input("x", [1, 1, 2, 2], "nhwc4"), weight }).y);
  return graph;
}

describe("Plan.create", () => {
  it("refuses options where it would ignore them, and a store of another device", async () => {
    const other = await requestDevice();
    const store = new WeightStore(device());
    const create = (choice: unknown, options?: unknown, own = store): Promise<Plan> =>
      Plan.create(device(), graphOf(), own, choice as never, options as never);
    const refused: readonly (readonly [() => Promise<Plan>, RegExp | string])[] = [
      [() => create({ precision: "f16" }), 'kernels: the network has no kernel "precision"; it has conv2d'],
      [() => create({ conv2d: "fastest" }), /^kernels: conv2d has no variant "fastest"; it has naive, /],
      [
        () => create("naive"),
        /^Plan\.create: choice must be a function or an object of variants by kernel, got string$/,
      ],
      [() => create(undefined, { inflight: 2 }), /^Plan\.create has no option "inflight"; it has precision, /],
      [() => create(undefined, { precision: "f64" }), 'precision "f64" is not one of f32, f16'],
      [() => create(undefined, {}, new WeightStore(other)), /^Plan\.create needs a Graph, and a WeightStore of /],
    ];
    for (const [call, sentence] of refused) await expectError(call, "bad-option", sentence);
    store.dispose();
    other.dispose();
  });
});

describe("the inputs of a run", () => {
  const copying = async (): Promise<Plan> => {
    const graph = new Graph();
    const x = graph.input("x", [1, 1, 1, 4], "nchw");
    graph.output("y", x, "nchw");
    return Plan.create(device(), graph, new WeightStore(device()));
  };
  const firstOf = async (run: ReturnType<Plan["run"]>): Promise<number | undefined> =>
    new Float32Array((await run).outputs.get("y")?.bytes ?? [])[0];

  it("are those at the call, however long it is queued", async () => {
    const plan = await copying();
    const x = new Float32Array(4);
    const runs = [1, 2, 3, 4, 5].map((value) => firstOf(plan.run({ x: x.fill(value) })));
    x.fill(9);
    expect(await Promise.all(runs)).toEqual([1, 2, 3, 4, 5]);
    plan.dispose();
  });

  it("may lie in shared memory", async () => {
    const plan = await copying();
    const x = new Float32Array(new SharedArrayBuffer(16)).fill(7);
    expect(await firstOf(plan.run({ x }))).toBe(7);
    plan.dispose();
  });

  it("are refused where they are no object, or have an unknown name", async () => {
    const plan = await copying();
    const x = new Float32Array(4);
    await expectError(() => plan.run(null as never), "bad-option", /^plan: inputs must be an object .*, got null$/);
    await expectError(() => plan.run({ x, z: x }), "bad-shape", 'plan has no input "z"; it has x');
    await expectError(() => plan.runToTensors({ x, z: x }), "bad-shape", 'plan has no input "z"; it has x');
    plan.dispose();
  });
});

describe("outputs and borders of zeros", () => {
  it("refuses to bring an output with a border", async () => {
    const graph = new Graph();
    const x = graph.input("x", [1, 1, 2, 2], "nhwc4");
    const sentence = 'graph: output "y" comes without a border; its layout may be nhwc4, not nhwc4+1';
    await expectError(() => graph.output("y", x, "nhwc4+1"), "bad-option", sentence);
  });

  it("brings an input that has one without it", async () => {
    const graph = new Graph();
    graph.output("y", graph.input("x", [1, 1, 2, 2], "nhwc4-f16+2"));
    const plan = await Plan.create(device(), graph, new WeightStore(device()));
    const x = await Tensor.from(device(), [1, 2, 3, 4], [1, 1, 2, 2], { layout: "nhwc4-f16+2" });
    const output = (await plan.run({ x })).outputs.get("y");
    expect(output?.layout).toBe("nhwc4-f16");
    expect([...layouts["nhwc4-f16"].unpack(output?.bytes ?? new ArrayBuffer(0), [1, 1, 2, 2])]).toEqual([1, 2, 3, 4]);
    expect([...((await (await plan.runToTensors({ x })).get("y")?.read()) ?? [])]).toEqual([1, 2, 3, 4]);
    plan.dispose();
  });
});

describe("Graph", () => {
  it("refuses shapes, layouts and operands that no plan could take", async () => {
    const graph = new Graph();
    for (const shape of [[1, 1, 2], [1, 1, 2, 0], null]) {
      const sentence = /^graph: input "a": shape .* needs 4 positive integers \[N, C, H, W\]$/;
      await expectError(() => graph.input("a", shape as never, "nhwc4"), "bad-shape", sentence);
    }
    for (const layout of ["zzz", undefined, null]) {
      const sentence = /^layout ".*" is not one of nhwc4, /;
      await expectError(() => graph.input("a", [1, 1, 2, 2], layout as never), "bad-option", sentence);
    }
    const x = graph.input("x", [1, 3, 8, 8], "nhwc4");
    graph.output("y", x);
    await expectError(() => graph.output("y", x), "bad-shape", 'graph: output "y" is declared twice');
    await expectError(() => graph.output("z", x, "zzz" as never), "bad-option", /^layout "zzz" is not one of /);
    const noKernel = "c: the kernel must be one that defineKernel() made, got null";
    await expectError(() => graph.op("c", null as never, { x }), "bad-option", noKernel);
    const weight = { shape: [8, 3, 1, 1], data: new Float32Array(24) };
    const sentence = "c: input weight needs a Value of the graph, or a weight { name, shape, read }";
    await expectError(() => graph.op("c", conv2d, { x, weight: weight as never }), "bad-shape", sentence);
  });

  it("tells a tensor from a weight, and refuses shapes that are none", async () => {
    const graph = new Graph();
    const x = graph.input("x", [1, 4, 8, 8], "nhwc4");
    const read = () => Promise.resolve(new Float32Array(16));
    const weightOf = (shape: unknown) => ({ name: "w", shape, read }) as Weight;
    const weight = weightOf([4, 4, 1, 1]);
    const either = "c: input weight needs a Value of the graph, or a weight { name, shape, read }";
    for (const shape of [undefined, null, "abc", { length: 4 }])
      await expectError(() => graph.op("c", conv2d, { x, weight: weightOf(shape) }), "bad-shape", either);
    const whole = "conv2d: weight [4,,1,1] has a dimension that is not a positive integer";
    const withHole = [4, 0, 1, 1];
    Reflect.deleteProperty(withHole, 1);
    await expectError(() => graph.op("c", conv2d, { x, weight: weightOf(withHole) }), "bad-shape", whole);
    const wrongWay = { x: weight as never, weight: x as never };
    await expectError(() => graph.op("c", conv2d, wrongWay), "bad-shape", "c: input x needs a Value of the graph");
    const noTensor = "c: input weight needs a weight { name, shape, read }";
    await expectError(() => graph.op("c", conv2d, { x, weight: x as never }), "bad-shape", noTensor);
    const inherited = { x, weight, toString: weight };
    const unknown = 'conv2d has no input "toString"; it has x, weight, bias, residual';
    await expectError(() => graph.op("c", conv2d, inherited), "bad-shape", unknown);
  });

  it("takes names that are strings only: others would be no names of a run's outputs", async () => {
    const graph = new Graph();
    const x = graph.input("x", [1, 4, 8, 8], "nhwc4");
    for (const wrong of [5, null, ["x"]]) {
      const [name, sentence] = [
        wrong as never,
        /^graph: the (name of an (in|out)put|label of a call) must be a string/,
      ];
      await expectError(() => graph.input(name, [1, 4, 8, 8], "nhwc4"), "bad-option", sentence);
      await expectError(() => graph.op(name, maxPool2d, { x }, { kernel: 2 }), "bad-option", sentence);
      await expectError(() => graph.output(name, x), "bad-option", sentence);
    }
  });

  it("holds shapes and pairs of attributes as they are at the call", () => {
    const graph = new Graph();
    const [shape, stride] = [
      [1, 4, 8, 8],
      [1, 2],
    ] as [[number, number, number, number], [number, number]];
    const { y } = graph.op("p", maxPool2d, { x: graph.input("x", shape, "nhwc4") }, { kernel: 2, stride });
    shape.fill(1);
    stride.fill(7);
    expect([graph.inputs.get("x")?.value.shape, y.shape]).toEqual([
      [1, 4, 8, 8],
      [1, 4, 7, 4],
    ]);
    expect(graph.nodes[0]?.problem.attrs.stride).toEqual([1, 2]);
  });

  it("refuses attributes that no shader could hold", async () => {
    const graph = new Graph();
    const x = graph.input("x", [1, 4, 8, 8], "nhwc4");
    const weight = { name: "w", shape: [4, 4, 1, 1], read: () => Promise.resolve(new Float32Array(16)) };
    const pool = (attrs: object) => () => graph.op("p", maxPool2d, { x }, attrs);
    const largest = "max-pool2d: stride 4294967296 needs whole numbers of at most 2147483647";
    await expectError(pool({ stride: 2 ** 32 }), "bad-shape", largest);
    const convolve = () => graph.op("c", conv2d, { x, weight }, { stride: 2 ** 31 });
    await expectError(convolve, "bad-shape", /^convolution: .* must be whole numbers up to 2147483647, padding 0 or /);
    const pairOfBooleans = "max-pool2d: attribute indices needs a boolean, got boolean,boolean";
    await expectError(pool({ indices: [true, false] }), "bad-shape", pairOfBooleans);
    const inherited = /^max-pool2d has no attribute "toString"; it has kernel, /;
    await expectError(pool({ toString: 1 }), "bad-shape", inherited);
    const parts = () => graph.op("g", conv2dWeightGradient, { x, dy: x }, { splits: [1, 2] as never });
    const noSize = "conv2d-weight-gradient: parts has no whole sizes; an attribute that is no pair needs one number";
    await expectError(parts, "bad-shape", noSize);
    graph.output("y", graph.op("l", leakyRelu, { x }, { slope: [1, 2] as never }).y);
    const create = () => Plan.create(device(), graph, new WeightStore(device()));
    await expectError(create, "bad-shape", "leaky-relu: slope needs one number, got 1,2");
  });

  it("refuses values of a weight that are no Float32Array", async () => {
    for (const values of [undefined, [1], Float64Array.of(1)]) {
      const graph = new Graph();
      const weight = { name: "w", shape: [1, 1, 1, 1], read: () => Promise.resolve(values as never) };
      graph.output("y", graph.op("y", conv2d, { x: graph.input("x", [1, 1, 2, 2], "nhwc4"), weight }).y);
      const create = () => Plan.create(device(), graph, new WeightStore(device()));
      await expectError(create, "bad-weights", "w: its values must be a Float32Array");
    }
  });
});
