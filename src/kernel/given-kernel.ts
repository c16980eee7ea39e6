/** Kernels of callers: their shaders are compared with their declarations. The library's own are, in its tests. */
import { badOption, badShape } from "../base/errors.js";
import { defineKernel } from "./kernel.js";
import type { KernelDef } from "./kernel.js";
import type { Attrs, InputSpecs, OutputSpecs, Scalar } from "./problem.js";

/**
 * Declares a kernel, with the types of its inputs, outputs and attributes. docs/write-a-kernel.md explains the parts.
 * A call whose uniforms their types cannot hold is refused with bad-shape.
 * @throws bad-option where a shader has another workgroup size than its variant, which would leave values unwritten
 * @example
 * import { Tensor, requestDevice, runKernel } from "fcn-webgpu/node";
 * import { blocksOf, defineKernel, sizeOf, u32 } from "fcn-webgpu/kernels";
 *
 * const lines = [
 *   "struct Params { vectors: u32 }",
 *   "@group(0)@binding(0) var<storage, read> x: array<vec4f>;",
 *   "@group(0)@binding(1) var<storage, read_write> y: array<vec4f>;",
 *   "@group(0)@binding(2) var<uniform> params: Params;",
 *   "@compute@workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {",
 *   "  if (id.x < params.vectors) { y[id.x] = 2 * x[id.x]; }",
 *   "}",
 * ];
 * const kernel = defineKernel({
 *   name: "double",
 *   shaders: { naive: lines.join("\n") },
 *   inputs: { x: { role: "tensor", layout: "nhwc4" } },
 *   outputs: { y: { role: "tensor", layout: "nhwc4" } },
 *   attrs: {},
 *   shape: ({ x }) => ({ y: x }),
 *   params: ({ in: { x: [n, c, h, w] } }) => ({ vectors: u32(n * h * w * blocksOf(c)) }),
 *   overrides: () => ({}),
 *   cost: ({ out }) => ({ flops: sizeOf(out.y), bytes: 8 * sizeOf(out.y) }),
 *   variants: {
 *     naive: {
 *       wgsl: "naive",
 *       workgroup: [64, 1, 1],
 *       threads: ({ in: { x: [n, c, h, w] } }) => [n * h * w * blocksOf(c), 1, 1],
 *     },
 *   },
 * });
 * const device = await requestDevice();
 * const x = await Tensor.from(device, [1, 2, 3], [1, 3, 1, 1]);
 * console.log((await (await runKernel(device, kernel, { x })).y.read()).join()); // prints 2,4,6
 * device.dispose();
 */
export function givenKernel<const I extends InputSpecs, const O extends OutputSpecs, A extends Attrs>(
  definition: KernelDef<I, O, A>,
): KernelDef<I, O, A> {
  for (const [name, { wgsl, consts, workgroup }] of Object.entries(definition.variants)) {
    const found = workgroupOf(definition.shaders[wgsl], consts);
    if (found === undefined || found.every((size, axis) => size === workgroup[axis])) continue;
    throw badOption(
      `${definition.name}/${name}: its workgroup is ${workgroup.join(" x ")}, and its shader "${wgsl}" has ` +
        `@workgroup_size(${found.join(", ")}); make them equal`,
    );
  }
  return defineKernel(withCheckedUniforms(definition));
}

type Uniforms = Readonly<Record<string, Scalar>>;

/** The definition, whose uniforms must be numbers of their types: memory would hold others without a word. */
function withCheckedUniforms<const I extends InputSpecs, const O extends OutputSpecs, A extends Attrs>(
  definition: KernelDef<I, O, A>,
): KernelDef<I, O, A> {
  const { name } = definition;
  const variants = Object.entries(definition.variants).map(([key, variant]) => {
    if (!variant.params) return [key, variant] as const;
    const params: typeof variant.params = (problem) => checkedUniforms(name, variant.params?.(problem) ?? {});
    return [key, { ...variant, params }] as const;
  });
  return {
    ...definition,
    params: (problem) => checkedUniforms(name, definition.params(problem)),
    variants: Object.fromEntries(variants),
  };
}

const RANGES = { u32: [0, 2 ** 32 - 1], i32: [-(2 ** 31), 2 ** 31 - 1] } as const;

/** @throws bad-shape for a number that its type cannot hold */
function checkedUniforms(kernel: string, uniforms: Uniforms): Uniforms {
  for (const [name, { type, value }] of Object.entries(uniforms)) {
    if (type === "f32" || typeof value !== "number") continue;
    const [least, most] = RANGES[type];
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    throw badShape(`${kernel}: uniform ${name} is ${value}, and ${type} holds whole numbers from ${least} to ${most}`);
  }
  return uniforms;
}

/** Threads along x, y and z; undefined where the text does not say them in numbers. */
function workgroupOf(source = "", consts: Readonly<Record<string, number>> = {}): number[] | undefined {
  const [, inside] = /@workgroup_size\(([^)]*)\)/.exec(source) ?? [];
  if (inside === undefined) return undefined;
  const parts = inside.split(",").map((part) => part.trim());
  const sizes = parts.filter((part) => part !== "").map((part) => numberIn(part, source, consts));
  return sizes.some(Number.isNaN) ? undefined : [...sizes, 1, 1].slice(0, 3);
}

/** A number, or the constant of this name. */
function numberIn(text: string, source: string, consts: Readonly<Record<string, number>>): number {
  if (/^\d+[iu]?$/.test(text)) return Number.parseInt(text, 10);
  if (!/^\w+$/.test(text)) return NaN;
  const [, value] = new RegExp(`^const ${text}\\b[^=]*= ?(\\d+)[iu]?;`, "m").exec(source) ?? [];
  return consts[text] ?? Number(value);
}
