/**
 * A static network as a list of kernel calls on opaque values. Layers and models build a graph; plan.ts gives it memory and
 * runs it. Nothing here knows of a GPU.
 */
import { badShape } from "../base/errors.js";
import { erase, makeProblem } from "../kernel/kernel.js";
import type { Kernel, KernelDef } from "../kernel/kernel.js";
import type { LayoutName, Nchw } from "../kernel/layout.js";
import type { AnyProblem, Attrs, InputSpecs, OutputSpecs } from "../kernel/problem.js";
import type { Weight } from "../kernel/weight.js";

/** A tensor of the graph. Only its graph knows where it comes from. */
export class Value {
  constructor(
    readonly name: string,
    readonly shape: Nchw,
  ) {}
}

export interface Node {
  readonly kernel: Kernel;
  readonly problem: AnyProblem;
  readonly label: string;
  readonly tensors: Readonly<Record<string, Value>>;
  readonly weights: Readonly<Record<string, Weight>>;
  readonly outputs: Readonly<Record<string, Value>>;
}

export interface GraphInput {
  readonly value: Value;
  readonly layout: LayoutName;
}

export type Arguments<I> = {
  readonly [K in keyof I as I[K] extends { optional: true } ? never : K]: I[K] extends { role: "weight" }
    ? Weight
    : Value;
} & {
  readonly [K in keyof I as I[K] extends { optional: true } ? K : never]?:
    (I[K] extends { role: "weight" } ? Weight : Value) | undefined;
};
export type Results<O> = { readonly [K in keyof O]: O[K] extends { optional: true } ? Value | undefined : Value };

export class Graph {
  readonly nodes: Node[] = [];
  readonly inputs = new Map<string, GraphInput>();
  readonly outputs = new Map<string, Value>();
  readonly #known = new Set<Value>();

  input(name: string, shape: Nchw, layout: LayoutName): Value {
    if (this.inputs.has(name)) throw badShape(`graph: input "${name}" is declared twice`);
    const value = new Value(name, shape);
    this.inputs.set(name, { value, layout });
    this.#known.add(value);
    return value;
  }

  /** Appends a kernel call; throws `bad-shape` at once, with the label, when the arguments do not fit. */
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
    given: Readonly<Record<string, Value | Weight | undefined>>,
    attrs: Attrs = {},
  ): Readonly<Record<string, Value>> {
    const tensors: Record<string, Value> = {};
    const weights: Record<string, Weight> = {};
    for (const [key, value] of Object.entries(given)) {
      if (value === undefined) continue;
      if (value instanceof Value) {
        if (!this.#known.has(value)) throw badShape(`${label}: input ${key} belongs to another graph`);
        tensors[key] = value;
      } else weights[key] = value;
    }
    const shapes = Object.fromEntries(
      [...Object.entries(tensors), ...Object.entries(weights)].map(([k, v]) => [k, v.shape]),
    );
    const problem = makeProblem(kernel, shapes, attrs);
    const outputs: Record<string, Value> = {};
    for (const [key, shape] of Object.entries(problem.out)) {
      if (shape === undefined) continue;
      const value = new Value(`${label}.${key}`, shape);
      outputs[key] = value;
      this.#known.add(value);
    }
    this.nodes.push({ kernel, problem, label, tensors, weights, outputs });
    return outputs;
  }

  output(name: string, value: Value): void {
    if (!this.#known.has(value)) throw badShape(`graph: output "${name}" belongs to another graph`);
    this.outputs.set(name, value);
  }
}
