/**
 * Reverse-mode differentiation of a graph: appends the gradient of every trained weight to the graph that computes the
 * network. A rule for each kernel says how (gradient-rules.ts). Gradients of a value that several kernels read are
 * added.
 */
import { add } from "../../shaders/add/kernel.js";
import { reluGradient } from "../../shaders/relu-gradient/kernel.js";
import { badOption } from "../base/errors.js";
import { pixelsOf } from "../kernel/feature-map.js";
import { ceilDiv } from "../kernel/shape.js";
import type { Nchw } from "../kernel/shape.js";
import type { DeviceTraits } from "../kernel/variant.js";
import type { Weight } from "../kernel/weight.js";
import type { Graph, Node, Value } from "../plan/graph.js";
import { GRADIENT_RULES } from "./gradient-rules.js";

interface Known {
  readonly gradient: Value;
  /** Whether it is zero already where the value's own activation is. */
  readonly masked: boolean;
}

/** What a rule asks, and where it puts what it finds. */
export class Backward {
  /** Parts of each weight's gradient, [splits * out, in, kh, kw], in the order in which they were found. */
  readonly weights = new Map<Weight, Value[]>();
  readonly #gradients = new Map<Value, Known>();
  readonly #producers = new Map<Value, Node>();
  readonly #readers = new Map<Value, number>();
  readonly #needed = new Set<Value>();

  constructor(
    readonly graph: Graph,
    readonly device: DeviceTraits,
    readonly trained: ReadonlySet<Weight>,
    wanted: readonly Value[],
  ) {
    for (const value of wanted) this.#needed.add(value);
    for (const node of graph.nodes) this.#note(node);
  }

  #note(node: Node): void {
    const inputs = Object.values(node.tensors);
    for (const value of inputs) this.#readers.set(value, (this.#readers.get(value) ?? 0) + 1);
    const isNeeded =
      inputs.some((value) => this.#needed.has(value)) ||
      Object.values(node.weights).some((weight) => this.trained.has(weight));
    for (const value of Object.values(node.outputs)) {
      this.#producers.set(value, node);
      if (isNeeded) this.#needed.add(value);
    }
  }

  /** Whether the loss depends on trained weights through this value. */
  needs(value: Value | undefined): value is Value {
    return value !== undefined && this.#needed.has(value);
  }

  gradientOf(value: Value): Value | undefined {
    return this.#gradients.get(value)?.gradient;
  }

  /** Adds to the gradient of a value. */
  give(value: Value, gradient: Value, masked = false): void {
    const known = this.#gradients.get(value);
    if (!known) {
      this.#gradients.set(value, { gradient, masked });
      return;
    }
    const sum = this.graph.op(`${value.name}.gradient`, add, { x: known.gradient, skip: gradient }).y;
    this.#gradients.set(value, { gradient: sum, masked: masked && known.masked });
  }

  giveWeight(weight: Weight, parts: Value): void {
    this.weights.set(weight, [...(this.weights.get(weight) ?? []), parts]);
  }

  /** The gradient before the activation in a kernel's store. Undefined where nothing depends on the output. */
  beforeActivation({ label, outputs, problem }: Node): Value | undefined {
    const y = outputs["y"] as Value;
    const known = this.#gradients.get(y);
    if (!known) return undefined;
    const { relu, relu6 } = problem.attrs;
    if (known.masked || (relu !== true && relu6 !== true)) return known.gradient;
    const operands = { y, dy: known.gradient };
    return this.graph.op(`${label}.relu.gradient`, reluGradient, operands, { relu6: relu6 === true }).dx;
  }

  /**
   * The value itself where its gradient may be masked by the kernel that computes it: a ReLU made it, and no other
   * kernel reads it.
   */
  maskOf(value: Value): Value | undefined {
    const isOnly = this.#readers.get(value) === 1;
    return isOnly && this.#producers.get(value)?.problem.attrs["relu"] === true ? value : undefined;
  }

  /** Parts of a sum over the pixels of a map, so that enough workgroups share it. */
  splitsOf(map: Nchw, pixelsEach = 1024): number {
    return Math.min(64, ceilDiv(pixelsOf(map), pixelsEach));
  }
}

export interface DifferentiateOptions {
  readonly device: DeviceTraits;
  /** The weights that are trained. */
  readonly trained: ReadonlySet<Weight>;
  /** Gradients of the loss at values of the graph, such as the logits. */
  readonly seeds: ReadonlyMap<Value, Value>;
  /** Values whose own gradients are wanted. */
  readonly wanted?: readonly Value[];
}

/**
 * Appends the backward pass.
 * @throws bad-option for a kernel that has no gradient
 */
export function differentiate(graph: Graph, { device, trained, seeds, wanted = [] }: DifferentiateOptions): Backward {
  const nodes = [...graph.nodes];
  const backward = new Backward(graph, device, trained, wanted);
  for (const [value, gradient] of seeds) backward.give(value, gradient);
  for (const node of nodes.reverse()) {
    const isReached = Object.values(node.outputs).some((value) => backward.gradientOf(value));
    const isNeeded = Object.values(node.outputs).some((value) => backward.needs(value));
    if (!isReached || !isNeeded) continue;
    const rule = GRADIENT_RULES[node.kernel.name];
    if (!rule) throw badOption(`train: ${node.label}: the kernel ${node.kernel.name} has no gradient`);
    rule(node, backward);
  }
  return backward;
}
