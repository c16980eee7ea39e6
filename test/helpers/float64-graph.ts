/** Graphs in float64 on the host: each kernel call by the reference of its kernel. */
import { registry } from "../../shaders/kernels.generated.js";
import type { HostTensor } from "../../src/kernel/registry.js";
import type { Weight } from "../../src/kernel/weight.js";
import type { Graph, Value } from "../../src/plan/graph.js";

/** Values by the graph's inputs, or by its weights. Those of weights may be changed between runs. */
export interface Float64Operands {
  readonly inputs: Readonly<Record<string, ArrayLike<number>>>;
  readonly weights: ReadonlyMap<Weight, Float64Array>;
}

/** The values of the weights of a graph. */
export async function float64Weights(graph: Graph): Promise<Map<Weight, Float64Array>> {
  const values = new Map<Weight, Float64Array>();
  for (const weight of graph.nodes.flatMap((node) => Object.values(node.weights)))
    if (!values.has(weight)) values.set(weight, Float64Array.from(await weight.read()));
  return values;
}

/** All values of a graph after a run. */
export function runFloat64({ nodes, inputs }: Graph, operands: Float64Operands): Map<Value, HostTensor> {
  const known = new Map<Value, HostTensor>();
  for (const [name, { value }] of inputs) known.set(value, { shape: value.shape, data: operands.inputs[name] ?? [] });
  for (const { kernel, label, problem, tensors, weights, outputs } of nodes) {
    const entry = registry.find((one) => one.kernel.name === kernel.name);
    if (!entry) throw new Error(`${label}: no kernel ${kernel.name}`);
    const host: Record<string, HostTensor> = {};
    for (const [key, value] of Object.entries(tensors)) host[key] = known.get(value) as HostTensor;
    for (const [key, weight] of Object.entries(weights))
      host[key] = { shape: weight.shape, data: operands.weights.get(weight) as Float64Array };
    const made = entry.reference(host, problem.attrs);
    for (const [key, value] of Object.entries(outputs)) known.set(value, made[key] as HostTensor);
  }
  return known;
}
