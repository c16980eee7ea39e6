/** The graph that callers of the library make: it checks what it is given. */
import { copiedArrays } from "../base/copied-arrays.js";
import { badOption, badShape } from "../base/errors.js";
import { checkKind, typeName } from "../base/options.js";
import { checkLayout, checkShape } from "../gpu/tensor.js";
import { baseOf, borderOf } from "../kernel/border.js";
import type { Kernel } from "../kernel/kernel.js";
import type { LayoutName } from "../kernel/layout.js";
import type { Attrs } from "../kernel/problem.js";
import type { Nchw } from "../kernel/shape.js";
import type { Weight } from "../kernel/weight.js";
import { Graph, Value } from "./graph.js";
import { Overwritten } from "./overwritten.js";

/**
 * A network as a list of kernel calls. It uses no GPU; Plan.create() gives it memory and runs it. docs/decoder.md
 * builds a decoder with it.
 * @example
 * import { Graph, Plan, Tensor, WeightStore, requestDevice } from "fcn-webgpu/node";
 * import { conv2d, relu } from "fcn-webgpu/kernels";
 *
 * const graph = new Graph();
 * const x = graph.input("x", [1, 1, 2, 2], "nhwc4");
 * const weight = { name: "half", shape: [1, 1, 1, 1], read: async () => Float32Array.of(0.5) };
 * const { y } = graph.op("half", conv2d, { x, weight });
 * graph.output("y", graph.op("relu", relu, { x: y }).y, "nhwc4");
 *
 * const device = await requestDevice();
 * const plan = await Plan.create(device, graph, new WeightStore(device));
 * const outputs = await plan.runToTensors({ x: await Tensor.from(device, [-2, 4, 6, 8], [1, 1, 2, 2]) });
 * console.log((await outputs.get("y")?.read())?.join()); // prints 0,2,3,4
 * device.dispose();
 */
export class GivenGraph extends Graph {
  readonly #overwritten = new Overwritten();

  /**
   * Declares an input [N, C, H, W] whose bytes come in `layout`.
   * @throws bad-shape when the name is taken, or for another shape; bad-option for a layout that is none, or a name
   * that is no string
   */
  override input(name: string, shape: Nchw, layout: LayoutName): Value {
    checkKind("graph: the name of an input", name, "a string");
    const own = checkShape(`graph: input "${name}"`, shape);
    checkLayout(layout ?? "none");
    return super.input(name, own, layout);
  }

  /**
   * As op(), for a kernel that is only known at run time.
   * @throws bad-option, bad-shape; bad-shape also for a value that was written over before, or that is an output and
   * would be
   */
  override append(
    label: string,
    kernel: Kernel,
    args: Readonly<Record<string, Value | Weight | undefined>>,
    attrs: Attrs = {},
  ): Readonly<Record<string, Value>> {
    checkKind("graph: the label of a call", label, "a string");
    if (!(kernel as Partial<Kernel> | null)?.inputs)
      throw badOption(`${label}: the kernel must be one that defineKernel() made, got ${typeName(kernel)}`);
    for (const [key, operand] of Object.entries(args ?? {})) {
      if (operand !== undefined) checkOperand(`${label}: input ${key}`, kernel.inputs[key]?.role, operand);
    }
    this.#overwritten.checkCall(label, kernel, args ?? {}, this.outputs);
    const results = super.append(label, kernel, args ?? {}, copiedArrays(attrs ?? {}));
    this.#overwritten.add(label, kernel, args ?? {});
    return results;
  }

  /**
   * Names a value that a run returns. Without `layout` it is the one in which the last kernel writes, which depends on
   * the device.
   * @throws bad-shape when it belongs to another graph or was written over, or the name is taken; bad-option for a
   * layout that is none, or has a border, or a name that is no string
   */
  override output(name: string, value: Value, layout?: LayoutName): void {
    checkKind("graph: the name of an output", name, "a string");
    if (this.outputs.has(name)) throw badShape(`graph: output "${name}" is declared twice`);
    checkLayout(layout);
    if (layout && borderOf(layout) > 0)
      throw badOption(
        `graph: output "${name}" comes without a border; its layout may be ${baseOf(layout)}, not ${layout}`,
      );
    this.#overwritten.checkKept(`graph: output "${name}"`, value);
    super.output(name, value, layout);
  }
}

/** @throws bad-shape for what is neither a Value nor a weight, and for one in the place of the other */
function checkOperand(input: string, role: string | undefined, operand: Partial<Weight> | Value | null): void {
  const isTensor = operand instanceof Value;
  const isWeight = !isTensor && typeof operand?.read === "function" && Array.isArray(operand.shape);
  const [tensor, weight] = ["a Value of the graph", "a weight { name, shape, read }"];
  if (!isTensor && !isWeight) throw badShape(`${input} needs ${tensor}, or ${weight}`);
  if (role === (isTensor ? "weight" : "tensor")) throw badShape(`${input} needs ${isTensor ? weight : tensor}`);
}
