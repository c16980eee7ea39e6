/** What is worth measuring, and which problems share the result. */
import { fnv1a } from "../../base/hash.js";
import { layoutOf, rankedVariants } from "../../kernel/choice.js";
import type { Kernel } from "../../kernel/kernel.js";
import { settingsText } from "../../kernel/problem.js";
import type { AnyProblem } from "../../kernel/problem.js";
import type { AnyVariant, DeviceTraits, Precision } from "../../kernel/variant.js";

/** The estimates are right within a few percent, so the fastest is among the first. */
const MOST = 3;
/** Sizes within this factor of pixels share a choice. */
const CLASS_FACTOR = 1.25;

/** Layouts and precision of a variant. */
function interfaceOf(kernel: Kernel, name: string): string {
  const variant = kernel.variants[name] as AnyVariant;
  const inputs = Object.keys(kernel.inputs).filter((key) => kernel.inputs[key]?.role === "tensor");
  const layouts = [...Object.keys(kernel.outputs), ...inputs].map((key) => layoutOf(kernel, variant, key));
  return [variant.precision ?? "f32", ...layouts].join();
}

/**
 * The variants worth measuring, the likeliest first. None on software adapters, where measuring takes longer than a
 * choice saves, and none for kernels whose variants have no estimates.
 */
export function candidatesOf(
  kernel: Kernel,
  problem: AnyProblem,
  device: DeviceTraits,
  precision?: Precision,
): string[] {
  if (device.software) return [];
  const ranked = rankedVariants(kernel, problem, device, precision);
  const [first] = ranked;
  if (first === undefined || !kernel.variants[first]?.estimate) return [];
  const wanted = interfaceOf(kernel, first);
  return ranked.filter((name) => interfaceOf(kernel, name) === wanted).slice(0, MOST);
}

const shaderHashes = new WeakMap<Kernel, string>();

/** Changes with the text or a constant of any variant, so that a changed shader is measured again. */
function shaderHash(kernel: Kernel): string {
  const known = shaderHashes.get(kernel);
  if (known !== undefined) return known;
  const texts = Object.entries(kernel.variants).map(([name, { wgsl, consts }]) => {
    return `${name} ${JSON.stringify(consts ?? {})} ${kernel.shaders[wgsl] ?? ""}`;
  });
  const hash = fnv1a(texts.join()).toString(16);
  shaderHashes.set(kernel, hash);
  return hash;
}

/** Names the problems that share a choice: channels, kernel size, attributes, and the class of the output's pixels. */
export function classKey(kernel: Kernel, { in: inputs, out, attrs }: AnyProblem, precision: Precision = "f32"): string {
  const sizes = Object.entries({ ...inputs, ...out }).flatMap(([key, shape]) => {
    if (!shape) return [];
    const isMap = kernel.inputs[key]?.role !== "weight";
    return [`${key} ${isMap ? shape[1] : shape.join("x")}`];
  });
  const [map] = Object.values(out);
  const pixels = map ? map[0] * map[2] * map[3] : 1;
  const pixelClass = Math.floor(Math.log(pixels) / Math.log(CLASS_FACTOR));
  return [kernel.name, precision, ...sizes, settingsText(attrs), `class ${pixelClass}`, shaderHash(kernel)].join(" ");
}
