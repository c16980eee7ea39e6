/** Bytes that a variant moves at least: each input read once, each output written once, as the variant stores them. */
import { layoutOf } from "./choice.js";
import type { Kernel } from "./kernel.js";
import { layoutNamed } from "./layout.js";
import type { DType } from "./layout.js";
import type { AnyProblem } from "./problem.js";
import { elements } from "./shape.js";
import type { Shape } from "./shape.js";
import type { AnyVariant } from "./variant.js";

const ELEMENT_BYTES: Readonly<Record<DType, number>> = { f32: 4, u32: 4, f16: 2, u8: 1 };

/** The kernel's own count is of f32; it stays for variants in f32. */
export function storedBytes(kernel: Kernel, variant: AnyVariant, problem: AnyProblem): number {
  if (variant.precision !== "f16") return kernel.cost(problem).bytes;
  const sizeOf = (shape: Shape | undefined, bytes: number): number => (shape ? elements(shape) * bytes : 0);
  const tensorBytes = (key: string): number => ELEMENT_BYTES[layoutNamed(layoutOf(kernel, variant, key)).dtype];
  const weightBytes = (key: string): number => ELEMENT_BYTES[variant.packing?.[key]?.precision ?? "f32"];
  const inputs = Object.entries(kernel.inputs).map(([key, { role }]) =>
    sizeOf(problem.in[key], role === "tensor" ? tensorBytes(key) : weightBytes(key)),
  );
  const outputs = Object.keys(kernel.outputs).map((key) => sizeOf(problem.out[key], tensorBytes(key)));
  return [...inputs, ...outputs].reduce((sum, bytes) => sum + bytes, 0);
}
