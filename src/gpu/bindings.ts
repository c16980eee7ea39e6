/**
 * The bind group of a kernel: inputs in key order, then outputs, then the uniforms. An input that an output updates is
 * bound as that output. Whether an operand is a buffer or a texture follows from the variant's layouts and packings.
 * Pipelines, plans and single kernel calls all bind by these rules.
 */
import { layoutOf } from "../kernel/choice.js";
import type { Kernel } from "../kernel/kernel.js";
import { layoutNamed } from "../kernel/layout.js";
import type { AnyVariant } from "../kernel/variant.js";
import { COMPUTE_STAGE } from "./flags.js";
import { bindingOf } from "./memory.js";
import type { Memory } from "./memory.js";

/** One operand's place in the bind group. Its binding number is its index in `slotsOf`. */
export interface Slot {
  readonly key: string;
  readonly access: "input" | "output";
  readonly kind: "buffer" | "texture";
}

/** Keys of the inputs that outputs are written over. Such an input has no slot of its own. */
const updatedInputs = ({ outputs }: Kernel): (string | undefined)[] =>
  Object.values(outputs).map((spec) => spec.updates);

/** The operands of a variant, in binding order. The uniforms follow them. */
export function slotsOf(kernel: Kernel, variant: AnyVariant): readonly Slot[] {
  const updated = updatedInputs(kernel);
  const own = [...Object.keys(kernel.inputs), ...Object.keys(kernel.outputs)].filter((key) => !updated.includes(key));
  const keys = variant.shared ? Object.values(variant.shared.operands) : own;
  return keys.map((key): Slot => {
    const access = key in kernel.outputs ? "output" : "input";
    return { key, access, kind: kindOf(kernel, variant, key) };
  });
}

function kindOf(kernel: Kernel, variant: AnyVariant, key: string): Slot["kind"] {
  const spec = kernel.outputs[key] ?? kernel.inputs[key];
  if (spec?.role === "weight") return variant.packing?.[key]?.storage ?? "buffer";
  // An operand of a shared shader that the kernel does not have.
  const layout = spec ? layoutOf(kernel, variant, key) : variant.layouts?.[key];
  return layout && layoutNamed(layout).extent !== undefined ? "texture" : "buffer";
}

/** Entries of the bind group layout: the operands, then the uniforms. */
export function layoutEntries(slots: readonly Slot[]): GPUBindGroupLayoutEntry[] {
  const entries = slots.map((slot, binding): GPUBindGroupLayoutEntry => {
    const isInput = slot.access === "input";
    const base = { binding, visibility: COMPUTE_STAGE };
    if (slot.kind === "buffer") return { ...base, buffer: { type: isInput ? "read-only-storage" : "storage" } };
    return { ...base, storageTexture: { access: isInput ? "read-only" : "write-only", format: "rgba32float" } };
  });
  return [...entries, { binding: slots.length, visibility: COMPUTE_STAGE, buffer: { type: "uniform" } }];
}

/** Entries of the bind group: `memoryOf` gives the memory of an operand, `uniforms` is bound last. */
export function bindGroupEntries(
  slots: readonly Slot[],
  memoryOf: (slot: Slot) => Memory,
  uniforms: GPUBindingResource,
): GPUBindGroupEntry[] {
  const operands = slots.map((slot, binding) => ({ binding, resource: bindingOf(memoryOf(slot)) }));
  return [...operands, { binding: slots.length, resource: uniforms }];
}

/**
 * Dummy resources for absent optional operands. WebGPU needs one in every slot, and inputs must not share one with
 * outputs. Shaders neither read nor write them. There is one exception: a plan that compiles ahead has no weights yet,
 * and its shaders read zeros in their place (src/plan/ahead.ts).
 */
export class Dummies {
  readonly #made = new Map<string, Memory>();

  readonly #create: (kind: Slot["kind"], label: string) => Memory;

  /** `create` makes memory of 16 bytes, or a texture of 1 x 1. */
  constructor(create: (kind: Slot["kind"], label: string) => Memory) {
    this.#create = create;
  }

  get({ kind, access }: Slot): Memory {
    const label = `absent ${kind} ${access}`;
    const made = this.#made.get(label);
    if (made) return made;
    const memory = this.#create(kind, label);
    this.#made.set(label, memory);
    return memory;
  }
}
