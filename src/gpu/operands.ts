/** The arguments of a single kernel call: which are right, and how they reach the GPU. */
import { badShape } from "../base/errors.js";
import { typeName } from "../base/options.js";
import { layoutOf } from "../kernel/choice.js";
import type { Kernel } from "../kernel/kernel.js";
import type { AnyProblem } from "../kernel/problem.js";
import { elements, formatShape } from "../kernel/shape.js";
import type { Shape } from "../kernel/shape.js";
import type { AnyVariant, Packing } from "../kernel/variant.js";
import type { Device } from "./device.js";
import type { Memory } from "./memory.js";
import { Tensor } from "./tensor.js";

/** A constant operand: values in [out, in, kh, kw] or [c] order. */
export interface HostWeight {
  /** [out, in, kh, kw], or [channels] of a bias. */
  readonly shape: Shape;
  /** The values in that order, as many as the shape says. */
  readonly data: Float32Array;
}

/** A constant operand that is on the GPU already, or stays there after its first use. */
export interface ResidentWeight {
  /** The device that holds it. */
  readonly device: Device;
  /** [out, in, kh, kw], or [channels] of a bias. */
  readonly shape: Shape;
  /** Its values in the order of `packing`. */
  memoryFor(packing: Packing, problem: AnyProblem): Promise<Memory>;
  /** Throws where it cannot be used any more; `label` names it. @throws disposed */
  check(label: string): void;
}

export type Operand = Tensor | ResidentWeight | HostWeight;
export type Operands = ReadonlyMap<string, Operand>;

export const isResident = (operand: Operand): operand is ResidentWeight =>
  typeof operand === "object" && "memoryFor" in operand;

/** `weight`: how messages call it. @throws bad-shape for another type or number of values */
export function checkHostWeight(label: string, weight: string, { shape, data }: Partial<HostWeight> = {}): void {
  if (!Array.isArray(shape) || typeName(data) !== "Float32Array")
    throw badShape(`${label} needs { shape, data }: an array of numbers and a Float32Array`);
  checkValues(weight, { shape, data: data as Float32Array });
}

/** @throws bad-shape for another number of values than the shape says */
function checkValues(label: string, { shape, data }: HostWeight): void {
  const expected = elements(shape);
  if (data.length !== expected)
    throw badShape(`${label} ${formatShape(shape)} needs ${expected} values, got ${data.length}`);
}

/** The operands as they are now: callers change their weights while a call waits for its pipeline. */
export function operandsOf(args: Readonly<Record<string, Operand | undefined>>): Operands {
  const operands = new Map<string, Operand>();
  for (const [key, operand] of Object.entries(args)) {
    if (!operand) continue;
    if (operand instanceof Tensor || isResident(operand)) operands.set(key, operand);
    else {
      const { shape, data } = operand;
      const isWeight = Array.isArray(shape) && typeName(data) === "Float32Array";
      operands.set(key, isWeight ? { shape: [...(shape as Shape)], data: data.slice() } : operand);
    }
  }
  return operands;
}

export function checkOperands(device: Device, kernel: Kernel, operands: Operands): void {
  for (const [key, operand] of operands) {
    const input = `${kernel.name}: input ${key}`;
    const role = kernel.inputs[key]?.role;
    const isTensor = operand instanceof Tensor;
    const isOnGpu = isTensor || isResident(operand);
    if (role === "weight" && isTensor) throw badShape(`${input} is a weight: pass { shape, data }, not a tensor`);
    if (role === "tensor" && !isTensor) {
      const what = isOnGpu ? "a weight" : "{ shape, data }";
      throw badShape(`${input} is a tensor: pass one made by Tensor.from, not ${what}`);
    }
    if (isOnGpu && operand.device !== device) {
      const cure = isTensor ? "read it and create it again" : "make it with GpuWeight.from";
      throw badShape(`${input} is on another device; ${cure} on the kernel's device`);
    }
    if (isResident(operand)) operand.check(`${kernel.name}: ${key}`);
    else if (role === "weight") checkHostWeight(input, `input ${key}`, operand);
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
