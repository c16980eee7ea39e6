/** What the calls of a graph have written over: later calls and outputs must not read it. */
import { badShape } from "../base/errors.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Weight } from "../kernel/weight.js";
import { Value } from "./graph.js";
import type { GraphOutput } from "./graph.js";

type Arguments = Readonly<Record<string, Value | Weight | undefined>>;

/** The values that this call of the kernel writes over (OutputSpec.updates). */
function updatedBy(kernel: Kernel, args: Arguments): Value[] {
  const operands = Object.values(kernel.outputs).map(({ updates }) => args[updates ?? ""]);
  return operands.filter((operand) => operand instanceof Value);
}

export class Overwritten {
  readonly #calls = new Map<Value, string>();

  /** @throws bad-shape for a value that a call wrote over before */
  checkKept(user: string, value: Value): void {
    const call = this.#calls.get(value);
    if (call !== undefined)
      throw badShape(`${user}: ${value.name} was written over by ${call}; read what that call returns`);
  }

  /** @throws bad-shape where the call reads what was written over, or writes over an output of the graph */
  checkCall(label: string, kernel: Kernel, args: Arguments, outputs: ReadonlyMap<string, GraphOutput>): void {
    for (const operand of Object.values(args)) {
      if (operand instanceof Value) this.checkKept(label, operand);
    }
    for (const value of updatedBy(kernel, args)) {
      const [name] = [...outputs].find(([, output]) => output.value === value) ?? [];
      if (name !== undefined) throw badShape(`${label}: it writes over ${value.name}, which is output "${name}"`);
    }
  }

  /** Keeps in mind what the call writes over. */
  add(label: string, kernel: Kernel, args: Arguments): void {
    for (const value of updatedBy(kernel, args)) this.#calls.set(value, label);
  }
}
