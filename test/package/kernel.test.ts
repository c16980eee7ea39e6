/**
 * A user's own kernel, in a project where only the package is installed. It is compiled as strict TypeScript with
 * declarations, called alone on tensors, and put into a graph with weights and a plan.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { useInstalled } from "../helpers/installed.js";

const installed = useInstalled();

const KERNEL = `
import { badShape, blocksOf, defineKernel, f32, sizeOf, u32 } from "fcn-webgpu/kernels";
import type { Nchw } from "fcn-webgpu/kernels";

const naive = \`
struct Params { blocks: u32, channel_blocks: u32, shift: f32 }
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> slope: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.blocks) { return; }
  let v = x[i] - params.shift;
  y[i] = select(v, slope[i % params.channel_blocks] * v, v < vec4f());
}
\`;
const blocks = (x: Nchw): number => x[0] * x[2] * x[3] * blocksOf(x[1]);

/** https://docs.pytorch.org/docs/stable/generated/torch.nn.PReLU.html, of x - shift. */
export const prelu = defineKernel({
  name: "prelu",
  shaders: { naive },
  inputs: { x: { role: "tensor", layout: "nhwc4" }, slope: { role: "weight" } },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  attrs: { shift: 0 },
  shape({ x, slope }) {
    if (slope[0] !== x[1]) throw badShape(\`prelu: slope [\${slope.join()}] needs \${x[1]} values\`);
    return { y: x };
  },
  params: ({ in: { x }, attrs }) => ({
    blocks: u32(blocks(x)),
    channelBlocks: u32(blocksOf(x[1])),
    shift: f32(attrs.shift),
  }),
  overrides: () => ({}),
  cost: ({ in: { x } }) => ({ flops: 2 * sizeOf(x), bytes: 8 * sizeOf(x) }),
  variants: { naive: { wgsl: "naive", workgroup: [64, 1, 1], threads: ({ in: { x } }) => [blocks(x), 1, 1] } },
});
`;

const IMPORTS = `
import { Graph, Plan, Tensor, WeightStore, isFcnError, requestDevice, runKernel } from "fcn-webgpu/node";
import type { Device, PlanOptions, PlanResult, Weight } from "fcn-webgpu/node";
import { conv2d, layouts } from "fcn-webgpu/kernels";
import type { AnyProblem, HostArray, Kernel, KernelDef, Nchw, Problem, Variant } from "fcn-webgpu/kernels";
import { prelu } from "./prelu.mjs";
`;

const EXPECTED = `
const shape: Nchw = [2, 5, 3, 7];
const values = Float32Array.from({ length: 210 }, (_, i) => (i % 11) - 5);
const slopes = [0.5, 0.25, 0, 1, 2];
const slopeAt = (i: number): number => slopes[Math.floor(i / 21) % 5] ?? NaN;
const expected = (shift: number): number[] =>
  [...values].map((v, i) => (v < shift ? (v - shift) * slopeAt(i) : v - shift));
const same = (got: HostArray, wanted: readonly number[]): boolean =>
  got.length === wanted.length && wanted.every((v, i) => v === got[i]);
`;

const ALONE = `
async function alone(device: Device): Promise<boolean> {
  const x = await Tensor.from(device, values, shape);
  const slope = { shape: [5], data: Float32Array.from(slopes) };
  const { y } = await runKernel(device, prelu, { x, slope }, { shift: 1 });
  return same(await y.read(), expected(1));
}

async function refusal(device: Device): Promise<unknown> {
  const x = await Tensor.from(device, [1], [1, 1, 1, 1]);
  try {
    return await runKernel(device, prelu, { x, slope: { shape: [2], data: new Float32Array(2) } });
  } catch (error) {
    return isFcnError(error, "bad-shape") && error.message;
  }
}
`;

const PLANNED = `
async function planned(device: Device, options: PlanOptions = {}): Promise<boolean> {
  const weight = (name: string, shape: readonly number[], data: readonly number[]): Weight => {
    return { name, shape, read: async () => Float32Array.from(data) };
  };
  const identity = Array.from({ length: 25 }, (_, i) => Number(i % 6 === 0));
  const graph = new Graph();
  const input = graph.input("picture", shape, "nhwc4");
  const { y } = graph.op("identity", conv2d, { x: input, weight: weight("eye", [5, 5, 1, 1], identity) });
  graph.output("out", graph.op("act", prelu, { x: y, slope: weight("slopes", [5], slopes) }).y);
  const store = new WeightStore(device);
  const plan = await Plan.create(device, graph, store, undefined, options);
  const { outputs }: PlanResult = await plan.run({ picture: new Uint8Array(layouts.nhwc4.pack(values, shape)) });
  const out = outputs.get("out");
  plan.dispose();
  store.dispose();
  return out !== undefined && same(layouts[out.layout].unpack(out.bytes, out.shape), expected(0));
}
`;

/** Types that a user's own helpers name, and the main program. */
const REST = `
export const cost = <I, O, A>(kernel: KernelDef<I, O, A>, problem: Problem<I, O, A>): number =>
  kernel.cost(problem).flops;
export const shaderNames = (kernels: readonly Kernel[]): readonly string[] =>
  kernels.flatMap(({ variants }) => Object.values(variants).map((variant: Variant<AnyProblem>) => variant.wgsl));

const device = await requestDevice();
console.log(JSON.stringify([await alone(device), await planned(device), await refusal(device)]));
`;

const USE = [IMPORTS, EXPECTED, ALONE, PLANNED, REST].join("");

describe("a user's own kernel", () => {
  beforeAll(() => {
    installed().write("prelu.mts", KERNEL);
    installed().write("use.mts", USE);
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      isolatedModules: true,
      module: "NodeNext",
      target: "ES2022",
      lib: ["ES2022", "DOM"],
      types: [],
      declaration: true,
    };
    installed().write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["prelu.mts", "use.mts"] }));
  });

  it("compiles as strict TypeScript with declarations, and runs alone and in a plan", async () => {
    expect(await installed().tool("typescript", "-p", "tsconfig.json")).toEqual({ code: 0, out: "", err: "" });
    const { code, out, err } = await installed().node("use.mjs");
    expect([code, out.trim(), err]).toEqual([0, '[true,true,"prelu: slope [2] needs 1 values"]', ""]);
  });
});
