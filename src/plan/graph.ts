/**
 * A static network as a list of kernel calls on opaque values. Layers and models build a graph. A plan gives it memory
 * and runs it. Nothing here uses a GPU.
 */
import { badShape } from "../base/errors.js";
import { erase, makeProblem } from "../kernel/kernel.js";
import type { Kernel, KernelDef } from "../kernel/kernel.js";
import type { Tensor } from "../gpu/tensor.js";
import type { LayoutName } from "../kernel/layout.js";
import type { AnyProblem, Attrs, InputSpecs, OutputSpecs } from "../kernel/problem.js";
import type { Nchw } from "../kernel/shape.js";
import type { DeviceTraits, Precision } from "../kernel/variant.js";
import type { Weight } from "../kernel/weight.js";

/**
 * A tensor of a graph, before there is memory for it. Only its graph knows which node makes it.
 * @example
 * import { Graph } from "fcn-webgpu/node";
 * import { maxPool2d } from "fcn-webgpu/kernels";
 *
 * const graph = new Graph();
 * const { y } = graph.op("pool", maxPool2d, { x: graph.input("x", [1, 3, 8, 8], "nhwc4") }, { kernel: 2, stride: 2 });
 * console.log(y.name, y.shape.join()); // prints pool.y 1,3,4,4
 */
export class Value {
  /** Graphs make values; those that others make belong to no graph. */
  constructor(
    /** "LABEL.OUTPUT" of a kernel call, or the name of an input. */
    readonly name: string,
    /** [N, C, H, W]. */
    readonly shape: Nchw,
  ) {}
}

/** One kernel call of a graph. */
export interface Node {
  /** What is called. */
  readonly kernel: Kernel;
  /** Shapes and attributes. */
  readonly problem: AnyProblem;
  /** Its name in errors and profiles. */
  readonly label: string;
  /** Tensors that it reads, by input. */
  readonly tensors: Readonly<Record<string, Value>>;
  /** Constants that it reads, by input. */
  readonly weights: Readonly<Record<string, Weight>>;
  /** Tensors that it makes, by output. */
  readonly outputs: Readonly<Record<string, Value>>;
  /** Set where the call may become several. */
  readonly division?: Division;
}

/** The calls that a plan makes in place of one, by what the device offers. The last makes the values of the one. */
export type Division = (node: Node, device: DeviceTraits, precision: Precision | undefined) => readonly Node[];

export interface GraphInput {
  readonly value: Value;
  readonly layout: LayoutName;
}

/** A tensor of the caller's that lives outside the plan, from run to run. */
export interface GraphState {
  readonly value: Value;
  readonly tensor: Tensor;
}

export interface GraphOutput {
  readonly value: Value;
  /** Undefined: the layout in which it is written first. */
  readonly layout: LayoutName | undefined;
}

type Operand<S> = S extends { role: "weight" } ? Weight : Value;

/** The inputs of a kernel call: a Value for a tensor, a Weight for a constant. */
export type Arguments<I> = {
  readonly [K in keyof I as I[K] extends { optional: true } ? never : K]: Operand<I[K]>;
} & {
  readonly [K in keyof I as I[K] extends { optional: true } ? K : never]?: Operand<I[K]> | undefined;
};
/** The outputs of a kernel call. */
export type Results<O> = { readonly [K in keyof O]: O[K] extends { optional: true } ? Value | undefined : Value };

/** A network as a list of kernel calls. Callers of the library get one that checks what it is given. */
export class Graph {
  /** The calls, in the order in which they were appended. */
  readonly nodes: Node[] = [];
  /** Declared inputs by name. */
  readonly inputs = new Map<string, GraphInput>();
  /** Of a StateGraph. */
  readonly states: ReadonlyMap<string, GraphState> = new Map();
  /** Named outputs: what a run returns. */
  readonly outputs = new Map<string, GraphOutput>();
  readonly #known = new Set<Value>();

  /** Declares an input [N, C, H, W] whose bytes come in `layout`. @throws bad-shape when the name is taken */
  input(name: string, shape: Nchw, layout: LayoutName): Value {
    if (this.inputs.has(name)) throw badShape(`graph: input "${name}" is declared twice`);
    const value = this.define(name, shape);
    this.inputs.set(name, { value, layout });
    return value;
  }

  /** Appends a kernel call. @throws bad-shape at once, with the label, when the arguments do not fit */
  op<const I extends InputSpecs, const O extends OutputSpecs, A extends object>(
    label: string,
    kernel: KernelDef<I, O, A>,
    args: Arguments<I>,
    attrs: Partial<A> = {},
  ): Results<O> {
    return this.append(label, erase(kernel), args, attrs as Attrs) as Results<O>;
  }

  /** As op(), for a kernel that is only known at run time. */
  append(
    label: string,
    kernel: Kernel,
    args: Readonly<Record<string, Value | Weight | undefined>>,
    attrs: Attrs = {},
  ): Readonly<Record<string, Value>> {
    const tensors: Record<string, Value> = {};
    const weights: Record<string, Weight> = {};
    for (const [key, operand] of Object.entries(args)) {
      if (operand === undefined) continue;
      if (!(operand instanceof Value)) {
        weights[key] = operand;
        continue;
      }
      if (!this.#known.has(operand)) throw badShape(`${label}: input ${key} belongs to another graph`);
      tensors[key] = operand;
    }
    const operands = Object.entries({ ...tensors, ...weights });
    const problem = makeProblem(kernel, Object.fromEntries(operands.map(([key, { shape }]) => [key, shape])), attrs);
    const outputs: Record<string, Value> = {};
    for (const [key, shape] of Object.entries(problem.out)) {
      if (shape !== undefined) outputs[key] = this.define(`${label}.${key}`, shape);
    }
    this.nodes.push({ kernel, problem, label, tensors, weights, outputs });
    return outputs;
  }

  /** The calls that a plan makes on this device. */
  callsOn(device: DeviceTraits, precision?: Precision): Node[] {
    return this.nodes.flatMap((node) => node.division?.(node, device, precision) ?? [node]);
  }

  /**
   * Names a value that a run returns. Without `layout` it is the one in which the last kernel writes, which depends on
   * the device.
   * @throws bad-shape when it belongs to another graph
   */
  output(name: string, value: Value, layout?: LayoutName): void {
    if (!this.#known.has(value)) throw badShape(`graph: output "${name}" belongs to another graph`);
    this.outputs.set(name, { value, layout });
  }

  /** A new value of this graph. */
  protected define(name: string, shape: Nchw): Value {
    const value = new Value(name, shape);
    this.#known.add(value);
    return value;
  }
}
