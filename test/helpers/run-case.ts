/** Runs a case of a kernel in a plan of its own, and compares it with the reference. */
import type { Device } from "../../src/gpu/device.js";
import { makeProblem, resolveAttrs } from "../../src/kernel/kernel.js";
import { layoutNamed } from "../../src/kernel/layout.js";
import type { KernelCase, RegistryEntry } from "../../src/kernel/registry.js";
import type { Nchw } from "../../src/kernel/shape.js";
import type { Weight } from "../../src/kernel/weight.js";
import { Graph } from "../../src/plan/graph.js";
import type { Value } from "../../src/plan/graph.js";
import { Plan } from "../../src/plan/plan.js";
import { WeightStore } from "../../src/plan/weight-store.js";
import { compare, makeInputs } from "./verify-kernel.js";

/** @throws for a value that is wrong */
export async function runCase(device: Device, entry: RegistryEntry, variant: string, test: KernelCase): Promise<void> {
  const { kernel } = entry;
  const host = makeInputs(entry, test);
  const graph = new Graph();
  const args: Record<string, Value | Weight> = {};
  const inputs: Record<string, Uint8Array> = {};
  for (const [key, { shape, data }] of Object.entries(host)) {
    const spec = kernel.inputs[key];
    if (spec?.role === "tensor") {
      args[key] = graph.input(key, shape as Nchw, spec.layout);
      inputs[key] = new Uint8Array(layoutNamed(spec.layout).pack(data, shape as Nchw));
    } else {
      args[key] = { name: key, shape, read: () => Promise.resolve(Float32Array.from(data)) };
    }
  }
  const { attrs } = makeProblem(kernel, test.shapes, test.attrs);
  const results = graph.append(kernel.name, kernel, args, attrs);
  for (const [key, value] of Object.entries(results)) graph.output(key, value, kernel.outputs[key]?.layout);
  const store = new WeightStore(device);
  const plan = await Plan.create(device, graph, store, { [kernel.name]: variant });
  const { outputs } = await plan.run(inputs);
  const expected = entry.reference(host, resolveAttrs(kernel, test.attrs));
  for (const [key, want] of Object.entries(expected)) {
    const output = outputs.get(key);
    if (!output) throw new Error(`${kernel.name} gave no output ${key}`);
    const layout = layoutNamed(output.layout);
    const label = `${kernel.name}/${variant} "${test.name}" ${key}`;
    compare(layout.unpack(output.bytes, output.shape), want.data, layout.dtype, label);
  }
  plan.dispose();
  store.dispose();
}
