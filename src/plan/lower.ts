/**
 * From a graph to steps: a variant for every node, a layout for every tensor, and a conversion where a consumer wants another
 * layout than the producer writes. Pure: the device is only asked for its traits.
 */
import { convert } from "../../shaders/convert/kernel.js";
import { FcnError } from "../base/errors.js";
import { chooseVariant, layoutOf } from "../kernel/choice.js";
import type { VariantChoice, VariantPick } from "../kernel/choice.js";
import { erase, makeProblem } from "../kernel/kernel.js";
import type { Kernel } from "../kernel/kernel.js";
import type { LayoutName, Nchw } from "../kernel/layout.js";
import type { AnyProblem } from "../kernel/problem.js";
import type { DeviceTraits, Precision, AnyVariant } from "../kernel/variant.js";
import type { Weight } from "../kernel/weight.js";
import type { Graph, Node } from "./graph.js";

/** A tensor with a layout. `step` is where it is written; -1 for inputs of the graph. */
export interface Physical {
  readonly name: string;
  readonly shape: Nchw;
  readonly layout: LayoutName;
  readonly step: number;
}

export interface Step {
  readonly label: string;
  readonly kernel: Kernel;
  readonly variantName: string;
  readonly variant: AnyVariant;
  readonly problem: AnyProblem;
  readonly tensors: Readonly<Record<string, Physical>>;
  readonly weights: Readonly<Record<string, Weight>>;
  readonly outputs: Readonly<Record<string, Physical>>;
}

export interface Lowered {
  readonly steps: readonly Step[];
  readonly inputs: ReadonlyMap<string, Physical>;
  readonly outputs: ReadonlyMap<string, Physical>;
}

export function lower(
  graph: Graph,
  device: DeviceTraits,
  choice?: VariantChoice | VariantPick,
  precision?: Precision,
): Lowered {
  const steps: Step[] = [];
  const byLayout = new Map<object, Map<LayoutName, Physical>>();
  const inputs = new Map<string, Physical>();

  const define = (
    value: { readonly name: string; readonly shape: Nchw },
    layout: LayoutName,
    step: number,
  ): Physical => {
    const physical: Physical = { name: value.name, shape: value.shape, layout, step };
    byLayout.set(value, new Map([[layout, physical]]));
    return physical;
  };

  const inLayout = (value: { readonly name: string }, layout: LayoutName): Physical => {
    const known = byLayout.get(value) ?? new Map<LayoutName, Physical>();
    const there = known.get(layout);
    if (there) return there;
    let source = known.get("nhwc4") ?? [...known.values()][0];
    // nhwc4 is the hub: there is a conversion from and to it, none between the others.
    if (source && source.layout !== "nhwc4" && layout !== "nhwc4") source = inLayout(value, "nhwc4");
    if (!source) throw new FcnError("bad-shape", `graph: ${value.name} is used before it is made`);
    const kernel = erase(convert);
    const problem = makeProblem(kernel, { x: source.shape }, { from: source.layout, to: layout });
    const variantName = chooseVariant(kernel, problem, device);
    const variant = kernel.variants[variantName] as AnyVariant;
    const y: Physical = { name: `${value.name} as ${layout}`, shape: source.shape, layout, step: steps.length };
    steps.push({
      label: y.name,
      kernel,
      variantName,
      variant,
      problem,
      tensors: { x: source },
      weights: {},
      outputs: { y },
    });
    known.set(layout, y);
    return y;
  };

  for (const [name, { value, layout }] of graph.inputs) inputs.set(name, define(value, layout, -1));
  for (const node of graph.nodes) {
    const variantName = chooseVariant(node.kernel, node.problem, device, choice, precision);
    const variant = node.kernel.variants[variantName] as AnyVariant;
    const wants = (key: string): LayoutName => layoutOf(node.kernel, variant, key);
    const tensors = mapRecord(node.tensors, (value, key) => inLayout(value, wants(key)));
    const outputs = mapRecord(node.outputs, (value, key) => define(value, wants(key), steps.length));
    steps.push({ ...stepBase(node), variantName, variant, tensors, outputs });
  }
  const outputs = new Map<string, Physical>();
  for (const [name, value] of graph.outputs) {
    const physical = [...(byLayout.get(value) ?? new Map<LayoutName, Physical>()).values()][0];
    if (physical) outputs.set(name, physical);
  }
  return { steps, inputs, outputs };
}

function stepBase({ label, kernel, problem, weights }: Node): Pick<Step, "label" | "kernel" | "problem" | "weights"> {
  return { label, kernel, problem, weights };
}

function mapRecord<T, U>(record: Readonly<Record<string, T>>, map: (value: T, key: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}
