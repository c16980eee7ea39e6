/**
 * A graph with states: tensors of the caller's that kernels read where they are, and that some write over, such as the
 * weights of a network that is trained.
 */
import { badShape } from "../base/errors.js";
import type { Tensor } from "../gpu/tensor.js";
import { layoutOf } from "../kernel/choice.js";
import type { Kernel } from "../kernel/kernel.js";
import type { LayoutName } from "../kernel/layout.js";
import type { Attrs } from "../kernel/problem.js";
import type { Weight } from "../kernel/weight.js";
import { Graph, Value } from "./graph.js";
import type { GraphState } from "./graph.js";
import { Overwritten } from "./overwritten.js";

export class StateGraph extends Graph {
  override readonly states = new Map<string, GraphState>();
  /** The tensors of states by their values, those that kernels have written over them included. */
  readonly #tensors = new Map<Value, Tensor>();
  readonly #overwritten = new Overwritten();

  /**
   * Declares a tensor, which must live as long as the graph's plans. A kernel may write over it (OutputSpec.updates).
   * @throws bad-shape when the name is taken
   */
  state(name: string, tensor: Tensor): Value {
    if (this.states.has(name)) throw badShape(`graph: state "${name}" is declared twice`);
    const value = this.define(name, tensor.shape);
    this.states.set(name, { value, tensor });
    this.#tensors.set(value, tensor);
    return value;
  }

  /**
   * As Graph.append().
   * @throws bad-shape for a state that was written over before, and where no state is written over
   */
  override append(
    label: string,
    kernel: Kernel,
    args: Readonly<Record<string, Value | Weight | undefined>>,
    attrs: Attrs = {},
  ): Readonly<Record<string, Value>> {
    this.#overwritten.checkCall(label, kernel, args, this.outputs);
    const outputs = super.append(label, kernel, args, attrs);
    for (const [key, value] of Object.entries(outputs)) {
      const updated = args[kernel.outputs[key]?.updates ?? ""];
      if (!(updated instanceof Value)) continue;
      const tensor = this.#tensors.get(updated);
      if (!tensor)
        throw badShape(`${label}: it writes over ${updated.name}, which is no state; declare it with graph.state()`);
      checkLayout(`${label}: it writes over ${updated.name}`, kernel, key, tensor.layout);
      this.#tensors.set(value, tensor);
    }
    this.#overwritten.add(label, kernel, args);
    return outputs;
  }
}

/** A state is not converted: what is written over a copy would be lost. @throws bad-shape */
function checkLayout(what: string, kernel: Kernel, key: string, layout: LayoutName): void {
  const needed = Object.values(kernel.variants).map((variant) => layoutOf(kernel, variant, key));
  if (needed.includes(layout)) return;
  throw badShape(`${what}, which needs layout ${[...new Set(needed)].join(" or ")} and has ${layout}`);
}
