/**
 * A graph with states: tensors of the caller's that kernels read where they are, and that some write over, such as the
 * weights of a network that is trained.
 */
import { badShape } from "../base/errors.js";
import type { Tensor } from "../gpu/tensor.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Attrs } from "../kernel/problem.js";
import type { Weight } from "../kernel/weight.js";
import { Graph, Value } from "./graph.js";
import type { GraphState } from "./graph.js";

export class StateGraph extends Graph {
  override readonly states = new Map<string, GraphState>();
  /** Values of states, those that kernels have written over them included. */
  readonly #stateValues = new Set<Value>();
  /** What has been written over, and by which call. */
  readonly #overwritten = new Map<Value, string>();

  /**
   * Declares a tensor, which must live as long as the graph's plans. A kernel may write over it (OutputSpec.updates).
   * @throws bad-shape when the name is taken
   */
  state(name: string, tensor: Tensor): Value {
    if (this.states.has(name)) throw badShape(`graph: state "${name}" is declared twice`);
    const value = this.define(name, tensor.shape);
    this.states.set(name, { value, tensor });
    this.#stateValues.add(value);
    return value;
  }

  /** As Graph.append(). @throws bad-shape for a state that was written over before, and where no state is written over */
  override append(
    label: string,
    kernel: Kernel,
    args: Readonly<Record<string, Value | Weight | undefined>>,
    attrs: Attrs = {},
  ): Readonly<Record<string, Value>> {
    for (const operand of Object.values(args)) {
      const by = operand instanceof Value ? this.#overwritten.get(operand) : undefined;
      if (by !== undefined)
        throw badShape(`${label}: ${operand?.name} was written over by ${by}; read what that call returns`);
    }
    const outputs = super.append(label, kernel, args, attrs);
    for (const [key, value] of Object.entries(outputs)) {
      const updated = args[kernel.outputs[key]?.updates ?? ""];
      if (!(updated instanceof Value)) continue;
      if (!this.#stateValues.has(updated))
        throw badShape(`${label}: it writes over ${updated.name}, which is no state; declare it with graph.state()`);
      this.#overwritten.set(updated, label);
      this.#stateValues.add(value);
    }
    return outputs;
  }
}
