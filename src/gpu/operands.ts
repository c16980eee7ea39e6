/** The arguments of a single kernel call: which are right, and how they reach the GPU. */
import { badShape } from "../base/errors.js";
import { layoutOf } from "../kernel/choice.js";
import type { Kernel } from "../kernel/kernel.js";
import type { AnyProblem } from "../kernel/problem.js";
import { elements, formatShape } from "../kernel/shape.js";
import type { Shape } from "../kernel/shape.js";
import type { AnyVariant, Packing } from "../kernel/variant.js";
import type { Device } from "./device.js";
import { Tensor } from "./tensor.js";

/** A constant operand: values in [out, in, kh, kw] or [c] order. */
export interface HostWeight {
  readonly shape: Shape;
  readonly data: Float32Array;
}

export type Operands = ReadonlyMap<string, Tensor | HostWeight>;

export function operandsOf(args: Readonly<Record<string, Tensor | HostWeight | undefined>>): Operands {
  const operands = new Map<string, Tensor | HostWeight>();
  for (const [key, operand] of Object.entries(args)) {
    if (operand) operands.set(key, operand);
  }
  return operands;
}

export function checkOperands(device: Device, kernel: Kernel, operands: Operands): void {
  for (const [key, operand] of operands) {
    const role = kernel.inputs[key]?.role;
    const isTensor = operand instanceof Tensor;
    if (role === "weight" && isTensor) {
      throw badShape(`${kernel.name}: input ${key} is a weight: pass { shape, data }, not a tensor`);
    }
    if (role === "tensor" && !isTensor) {
      throw badShape(`${kernel.name}: input ${key} is a tensor: pass one made by Tensor.from, not { shape, data }`);
    }
    if (isTensor && operand.device !== device) {
      throw badShape(
        `${kernel.name}: input ${key} is on another device; read it and create it again on the kernel's device`,
      );
    }
  }
}

/** Outputs that are written over inputs are those tensors. @throws bad-shape for one in another layout */
export function updatedTensors(kernel: Kernel, variant: AnyVariant, operands: Operands): Record<string, Tensor> {
  const updated: Record<string, Tensor> = {};
  for (const [key, { updates }] of Object.entries(kernel.outputs)) {
    const tensor = operands.get(updates ?? "");
    if (updates === undefined || !(tensor instanceof Tensor)) continue;
    const layout = layoutOf(kernel, variant, key);
    if (tensor.layout !== layout) {
      throw badShape(
        `${kernel.name}: it writes over ${updates}, which needs layout ${layout} and has ${tensor.layout}; ` +
          `make it with { layout: "${layout}" }`,
      );
    }
    updated[key] = tensor;
  }
  return updated;
}

export function packOperand(
  { shape, data }: HostWeight,
  key: string,
  packing: Packing,
  problem: AnyProblem,
): Float32Array | Uint32Array {
  const expected = elements(shape);
  if (data.length !== expected) {
    throw badShape(`input ${key} ${formatShape(shape)} needs ${expected} values, got ${data.length}`);
  }
  return packing.pack(data, shape, problem);
}
