/**
 * Finds the fastest variant of a kernel on this device by measuring, once for each problem. Choices are kept between
 * sessions. Rivals read and write the same layouts as the default variant, in the same precision, so a choice changes
 * nothing around it. measure-variant.ts does the measuring.
 */
import { isTooLarge } from "../base/errors.js";
import { fnv1a } from "../base/hash.js";
import type { Device } from "../gpu/device.js";
import { defaultVariant, layoutOf, usableVariants } from "../kernel/choice.js";
import type { VariantChoice, VariantPick } from "../kernel/choice.js";
import type { Kernel } from "../kernel/kernel.js";
import { settingsText } from "../kernel/problem.js";
import type { AnyProblem } from "../kernel/problem.js";
import type { AnyVariant, DeviceTraits, Precision } from "../kernel/variant.js";
import type { Graph } from "../plan/graph.js";
import { parseChoices } from "./choices.js";
import { measureVariant } from "./measure-variant.js";

/** Keeps choices beyond the process. Neither method may reject: a store that cannot be read counts as empty. */
export interface TuningStore {
  read(): Promise<string | undefined>;
  write(text: string): Promise<void>;
}

/** Milliseconds of one run of a variant. A measurement may stop early once the variant is slower than `limit`. */
export type MeasureVariant = (
  device: Device,
  kernel: Kernel,
  problem: AnyProblem,
  variant: string,
  limit: number,
) => Promise<number>;

/** Problems kept in a store; the oldest go first. ResNet-101 has 27 at one size. */
const MAX_KEPT = 2000;

/**
 * The variants worth measuring. The naive one is a baseline and not among them. Fewer than two leave nothing to choose.
 */
export function rivalsOf(kernel: Kernel, problem: AnyProblem, device: DeviceTraits, precision?: Precision): string[] {
  const standard = defaultVariant(kernel, problem, device, precision);
  // On software adapters the sizes decide, because measuring takes longer than a choice saves.
  if (standard === undefined || device.software) return [];
  const interfaceOf = (name: string): string => {
    const variant = kernel.variants[name] as AnyVariant;
    const inputs = Object.keys(kernel.inputs).filter((key) => kernel.inputs[key]?.role === "tensor");
    const layouts = [...Object.keys(kernel.outputs), ...inputs].map((key) => layoutOf(kernel, variant, key));
    return [variant.precision ?? "f32", ...layouts].join();
  };
  const [naive] = Object.keys(kernel.variants);
  const wanted = interfaceOf(standard);
  return usableVariants(kernel, problem, device).filter((name) => name !== naive && interfaceOf(name) === wanted);
}

/** Names the problem and the text of the rivals' shaders. A changed shader is measured again. */
function keyOf(kernel: Kernel, problem: AnyProblem, rivals: readonly string[]): string {
  const shaders = rivals.map((name) => {
    const { wgsl, consts } = kernel.variants[name] as AnyVariant;
    return `${name} ${JSON.stringify(consts ?? {})} ${kernel.shaders[wgsl] ?? ""}`;
  });
  const shapes = Object.entries(problem.in).flatMap(([key, shape]) => (shape ? [`${key} ${shape.join("x")}`] : []));
  const text = fnv1a(shaders.join()).toString(16);
  return `${kernel.name} ${shapes.join(" ")} ${settingsText(problem.attrs)} ${text}`;
}

export class Tuner {
  readonly #chosen = new Map<string, string>();
  #loading: Promise<void> | undefined;

  readonly #store: TuningStore | undefined;
  readonly #measure: MeasureVariant;

  constructor(
    readonly device: Device,
    store?: TuningStore,
    measure: MeasureVariant = measureVariant,
  ) {
    this.#store = store;
    this.#measure = measure;
  }

  /**
   * Measures the problems of the graph that were not measured yet, and returns the choice for its plan. Variants in
   * `fixed` are taken as they are and not measured. A plan of another precision has other rivals.
   * @throws the signal's reason, between two rivals
   */
  async choose(
    graph: Graph,
    fixed: VariantChoice = {},
    precision?: Precision,
    signal?: AbortSignal,
  ): Promise<VariantPick> {
    await (this.#loading ??= this.#load());
    let measured = false;
    for (const { kernel, problem } of graph.nodes) {
      if (fixed[kernel.name] !== undefined || this.#lookUp(kernel, problem, precision) !== undefined) continue;
      const rivals = rivalsOf(kernel, problem, this.device, precision);
      if (rivals.length < 2) continue;
      const fastest = await this.#fastest(kernel, problem, rivals, signal);
      this.#chosen.set(keyOf(kernel, problem, rivals), fastest);
      // A variant that did not compile is no rival any more. The choice is looked up among the rest.
      this.#chosen.set(keyOf(kernel, problem, rivalsOf(kernel, problem, this.device, precision)), fastest);
      measured = true;
    }
    if (measured) await this.#save();
    return (kernel, problem) => fixed[kernel.name] ?? this.#lookUp(kernel, problem, precision);
  }

  /** The measured choice, if it is still one of the rivals. */
  #lookUp(kernel: Kernel, problem: AnyProblem, precision: Precision | undefined): string | undefined {
    const rivals = rivalsOf(kernel, problem, this.device, precision);
    const chosen = this.#chosen.get(keyOf(kernel, problem, rivals));
    return chosen !== undefined && rivals.includes(chosen) ? chosen : undefined;
  }

  async #fastest(
    kernel: Kernel,
    problem: AnyProblem,
    rivals: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<string> {
    let best = { name: rivals[0] as string, ms: Infinity };
    for (const name of rivals) {
      signal?.throwIfAborted();
      const ms = await this.#measureIfRuns(kernel, problem, name, best.ms);
      if (ms < best.ms) best = { name, ms };
    }
    return best.name;
  }

  /** Infinity for a variant that does not compile or fit. If none does, making the plan reports it. */
  async #measureIfRuns(kernel: Kernel, problem: AnyProblem, name: string, limit: number): Promise<number> {
    try {
      return await this.#measure(this.device, kernel, problem, name, limit);
    } catch (error) {
      const refused = this.device.refused.has(kernel.variants[name] as object);
      if (refused || isTooLarge(error)) return Infinity;
      throw error;
    }
  }

  /** Names the adapter and driver. Choices of others stay in the store and are not used. */
  get #adapter(): string {
    const { vendor, architecture, device, description } = this.device.adapter;
    return [vendor, architecture, device, description].join(" | ");
  }

  async #load(): Promise<void> {
    const kept = parseChoices(await this.#store?.read())[this.#adapter] ?? {};
    for (const [key, name] of Object.entries(kept)) this.#chosen.set(key, name);
  }

  /** Reads the store again before writing: another process may have added choices. */
  async #save(): Promise<void> {
    if (!this.#store) return;
    const all = parseChoices(await this.#store.read());
    const merged = { ...all[this.#adapter], ...Object.fromEntries(this.#chosen) };
    const newest = Object.entries(merged).slice(-MAX_KEPT);
    await this.#store.write(JSON.stringify({ ...all, [this.#adapter]: Object.fromEntries(newest) }, undefined, 1));
  }
}
