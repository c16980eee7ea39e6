/**
 * From a graph to steps: a variant for every node, a layout for every tensor, and a conversion wherever a node reads
 * another layout than the producer writes. Pure: the device is only asked for its traits.
 */
import { convert } from "../../shaders/convert/kernel.js";
import { badShape } from "../base/errors.js";
import type { Tensor } from "../gpu/tensor.js";
import { chooseVariant, layoutOf } from "../kernel/choice.js";
import type { VariantChoice, VariantPick } from "../kernel/choice.js";
import { erase, makeProblem } from "../kernel/kernel.js";
import type { Kernel } from "../kernel/kernel.js";
import { neededBorders } from "../kernel/border-rules.js";
import { baseOf } from "../kernel/border.js";
import type { Borders } from "../kernel/border.js";
import { conversionPath } from "../kernel/layout.js";
import type { LayoutName } from "../kernel/layout.js";
import type { AnyProblem } from "../kernel/problem.js";
import type { Nchw } from "../kernel/shape.js";
import type { AnyVariant, DeviceTraits, Precision } from "../kernel/variant.js";
import type { Weight } from "../kernel/weight.js";
import { valueBorders } from "./borders.js";
import type { ChosenNode } from "./borders.js";
import type { Graph, Node, Value } from "./graph.js";

/** A tensor in one layout. */
export interface Physical {
  readonly name: string;
  readonly shape: Nchw;
  readonly layout: LayoutName;
  /** The step that writes it; -1 for inputs and states of the graph. */
  readonly step: number;
}

/** One dispatch of a plan. */
export interface Step {
  /** The graph's name of the call, or "x as LAYOUT" of a conversion. */
  readonly label: string;
  /** What runs. */
  readonly kernel: Kernel;
  /** Which variant of it was chosen. */
  readonly variantName: string;
  /** The variant. */
  readonly variant: AnyVariant;
  /** Shapes and attributes. */
  readonly problem: AnyProblem;
  /** Tensors that it reads, by input. */
  readonly tensors: Readonly<Record<string, Physical>>;
  /** Constants that it reads, by input. */
  readonly weights: Readonly<Record<string, Weight>>;
  /** Tensors that it writes, by output. */
  readonly outputs: Readonly<Record<string, Physical>>;
}

export interface Lowered {
  readonly steps: readonly Step[];
  readonly inputs: ReadonlyMap<string, Physical>;
  /** Tensors of the caller's. */
  readonly states: ReadonlyMap<Physical, Tensor>;
  readonly outputs: ReadonlyMap<string, Physical>;
}

/** @throws bad-option for a variant that cannot run here; limit-too-small when a kernel has none that can */
export function lower(
  graph: Graph,
  device: DeviceTraits,
  choice?: VariantChoice | VariantPick,
  precision?: Precision,
): Lowered {
  const lowering = new Lowering(device, choice, precision);
  const inputs = new Map<string, Physical>();
  for (const [name, { value, layout }] of graph.inputs) inputs.set(name, lowering.define(value, layout, -1));
  const states = new Map<Physical, Tensor>();
  for (const { value, tensor } of graph.states.values()) {
    tensor.check();
    states.set(lowering.define(value, tensor.layout, -1), tensor);
  }
  const chosen = graph.callsOn(device, precision).map((node) => lowering.choose(node));
  const borders = valueBorders(graph, chosen);
  for (const node of chosen) lowering.append(node, borders);
  const outputs = new Map<string, Physical>();
  for (const [name, { value, layout }] of graph.outputs)
    outputs.set(name, lowering.inLayout(value, layout ?? baseOf(lowering.anyLayoutOf(value).layout)));
  return { steps: lowering.steps, inputs, states, outputs };
}

class Lowering {
  readonly steps: Step[] = [];
  /** Every layout in which a value exists, in the order in which they were made. */
  readonly #physicals = new Map<Value, Map<LayoutName, Physical>>();

  readonly #device: DeviceTraits;
  readonly #choice: VariantChoice | VariantPick | undefined;
  readonly #precision: Precision | undefined;

  constructor(device: DeviceTraits, choice: VariantChoice | VariantPick | undefined, precision: Precision | undefined) {
    this.#device = device;
    this.#choice = choice;
    this.#precision = precision;
  }

  define(value: Value, layout: LayoutName, step: number): Physical {
    const physical: Physical = { name: value.name, shape: value.shape, layout, step };
    this.#physicals.set(value, new Map([[layout, physical]]));
    return physical;
  }

  /** The value that a kernel has written over a state. */
  #redefine(value: Value, state: Physical): Physical {
    this.#physicals.set(value, new Map([[state.layout, state]]));
    return state;
  }

  choose(node: Node): ChosenNode {
    const { kernel, problem } = node;
    const variantName = chooseVariant(kernel, problem, this.#device, this.#choice, this.#precision);
    return { node, variantName, variant: kernel.variants[variantName] as AnyVariant };
  }

  append({ node, variantName, variant }: ChosenNode, borders: ReadonlyMap<Value, number>): void {
    const { label, kernel, tensors, weights, outputs } = node;
    const needed = neededBorders(variant, node.problem);
    const operands = Object.entries({ ...tensors, ...outputs });
    const widths = operands.map(([key, value]) => [key, borders.get(value) ?? needed[key] ?? 0] as const);
    const ofTensors: Borders = Object.fromEntries(widths.filter(([, width]) => width > 0));
    const problem = { ...node.problem, borders: ofTensors };
    const layoutFor = (key: string): LayoutName => layoutOf(kernel, variant, key, ofTensors);
    const inputs = mapRecord(tensors, (value, key) => this.inLayout(value, layoutFor(key)));
    const step = this.steps.length; // after the conversions of the inputs
    const made = mapRecord(outputs, (value, key) => {
      const updated = inputs[kernel.outputs[key]?.updates ?? ""];
      return updated ? this.#redefine(value, updated) : this.define(value, layoutFor(key), step);
    });
    this.steps.push({ label, kernel, variantName, variant, problem, tensors: inputs, weights, outputs: made });
  }

  /** The layout that the value was first written in. */
  anyLayoutOf(value: Value): Physical {
    const [first] = this.#layoutsOf(value).values();
    return first as Physical;
  }

  #layoutsOf(value: Value): Map<LayoutName, Physical> {
    const layouts = this.#physicals.get(value);
    if (!layouts) throw badShape(`graph: ${value.name} is used before it is made`);
    return layouts;
  }

  /** The value in this layout, after conversions where it is not known in it. */
  inLayout(value: Value, layout: LayoutName): Physical {
    const layouts = this.#layoutsOf(value);
    const known = layouts.get(layout);
    if (known) return known;
    let physical = layouts.get("nhwc4") ?? this.anyLayoutOf(value);
    for (const to of conversionPath(physical.layout, layout)) {
      physical = layouts.get(to) ?? this.#convert(value, physical, to);
      layouts.set(to, physical);
    }
    return physical;
  }

  #convert(value: Value, x: Physical, to: LayoutName): Physical {
    const kernel = erase(convert);
    const problem = makeProblem(kernel, { x: x.shape }, { from: x.layout, to });
    const variantName = chooseVariant(kernel, problem, this.#device);
    const variant = kernel.variants[variantName] as AnyVariant;
    const label = `${value.name} as ${to}`;
    const y: Physical = { name: label, shape: x.shape, layout: to, step: this.steps.length };
    const step: Step = { label, kernel, variantName, variant, problem, tensors: { x }, weights: {}, outputs: { y } };
    this.steps.push(step);
    return y;
  }
}

function mapRecord<T, U>(record: Readonly<Record<string, T>>, map: (value: T, key: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}
