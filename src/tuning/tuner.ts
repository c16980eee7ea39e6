/**
 * Which variant of a kernel is fastest on this device, by measurement: once for each problem, kept between sessions. Rivals are
 * the variants that read and write the same layouts as the default one, in the same precision, so that a choice changes nothing around it. The
 * measuring itself is measure-variant.ts.
 */
import { isFcnError } from "../base/errors.js";
import { fnv1a } from "../base/hash.js";
import type { Device } from "../gpu/device.js";
import { defaultVariant, layoutOf, usableVariants } from "../kernel/choice.js";
import type { VariantChoice, VariantPick } from "../kernel/choice.js";
import type { Kernel } from "../kernel/kernel.js";
import type { AnyProblem, Attrs } from "../kernel/problem.js";
import type { DeviceTraits, Precision, AnyVariant } from "../kernel/variant.js";
import type { Graph } from "../plan/graph.js";
import { measureVariant } from "./measure-variant.js";

/** Where choices outlive the process. Neither may reject: a store that cannot be read is empty. */
export interface TuningStore {
  read(): Promise<string | undefined>;
  write(text: string): Promise<void>;
}

/** Milliseconds of one run of a variant; what is slower than `limit` may end early. */
export type MeasureVariant = (
  device: Device,
  kernel: Kernel,
  problem: AnyProblem,
  variant: string,
  limit: number,
) => Promise<number>;

/** Problems kept in a store; the oldest go first. ResNet-101 has 27 at one size. */
const MAX_KEPT = 2000;

/** The variants worth measuring; the naive one is a baseline and not among them. Fewer than two leave nothing to choose. */
export function rivalsOf(kernel: Kernel, problem: AnyProblem, device: DeviceTraits, precision?: Precision): string[] {
  const standard = defaultVariant(kernel, problem, device, precision);
  // On software adapters the sizes decide: measuring takes longer than a choice saves.
  if (standard === undefined || device.software) return [];
  const layoutsOf = (name: string): string => {
    const variant = kernel.variants[name] as AnyVariant;
    const keys = [
      ...Object.keys(kernel.outputs),
      ...Object.entries(kernel.inputs).flatMap(([key, { role }]) => (role === "tensor" ? [key] : [])),
    ];
    return [variant.precision ?? "f32", ...keys.map((key) => layoutOf(kernel, variant, key))].join();
  };
  const naive = Object.keys(kernel.variants)[0];
  return usableVariants(kernel, problem, device).filter(
    (name) => name !== naive && layoutsOf(name) === layoutsOf(standard),
  );
}

/** What a choice was measured for: the problem, and the text of the shaders that took part, so that a changed one is measured anew. */
function keyOf(kernel: Kernel, problem: AnyProblem, rivals: readonly string[]): string {
  const shaders = rivals.map((name) => {
    const { wgsl, consts } = kernel.variants[name] as AnyVariant;
    return `${name} ${JSON.stringify(consts ?? {})} ${kernel.shaders[wgsl] ?? ""}`;
  });
  const shapes = Object.entries(problem.in).flatMap(([key, shape]) => (shape ? [`${key} ${shape.join("x")}`] : []));
  return `${kernel.name} ${shapes.join(" ")} ${attrsText(problem.attrs)} ${fnv1a(shaders.join()).toString(16)}`;
}

const attrsText = (attrs: Attrs): string =>
  Object.keys(attrs)
    .sort()
    .map((name) => `${name}=${String(attrs[name])}`)
    .join(" ");

export class Tuner {
  readonly #chosen = new Map<string, string>();
  #read: Promise<void> | undefined;

  constructor(
    readonly device: Device,
    private readonly store?: TuningStore,
    private readonly measure: MeasureVariant = measureVariant,
  ) {}

  /**
   * Measures what of the graph was not measured yet, and gives the choice for its plan. `fixed` goes first: what a caller names is
   * not measured. A plan of another precision has other rivals. @throws the signal's reason, between two rivals
   */
  async choose(
    graph: Graph,
    fixed: VariantChoice = {},
    precision?: Precision,
    signal?: AbortSignal,
  ): Promise<VariantPick> {
    await (this.#read ??= this.#load());
    let measured = false;
    for (const { kernel, problem } of graph.nodes) {
      if (fixed[kernel.name] !== undefined) continue;
      const rivals = rivalsOf(kernel, problem, this.device, precision);
      const key = keyOf(kernel, problem, rivals);
      if (rivals.length < 2 || rivals.includes(this.#chosen.get(key) ?? "")) continue;
      const fastest = await this.#fastest(kernel, problem, rivals, signal);
      this.#chosen.set(key, fastest);
      // A rival that did not compile is one no longer, and the choice is looked up among those that are left.
      this.#chosen.set(keyOf(kernel, problem, rivalsOf(kernel, problem, this.device, precision)), fastest);
      measured = true;
    }
    if (measured) await this.#save();
    return (kernel, problem) => {
      if (fixed[kernel.name] !== undefined) return fixed[kernel.name];
      const rivals = rivalsOf(kernel, problem, this.device, precision);
      const chosen = this.#chosen.get(keyOf(kernel, problem, rivals));
      return chosen !== undefined && rivals.includes(chosen) ? chosen : undefined;
    };
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
      const ms = await this.measure(this.device, kernel, problem, name, best.ms).catch((error: unknown) => {
        // What does not compile or does not fit is no choice; where nothing fits, the plan says so.
        if (this.device.refused.has(kernel.variants[name] as object)) return Infinity;
        if (isFcnError(error) && (error.code === "limit-too-small" || error.code === "out-of-memory")) return Infinity;
        throw error;
      });
      if (ms < best.ms) best = { name, ms };
    }
    return best.name;
  }

  /** Choices of another adapter or driver stay in the store and are not used. */
  get #adapter(): string {
    const { vendor, architecture, device, description } = this.device.adapter;
    return [vendor, architecture, device, description].join(" | ");
  }

  async #load(): Promise<void> {
    const kept = parse(await this.store?.read())[this.#adapter] ?? {};
    for (const [key, name] of Object.entries(kept)) this.#chosen.set(key, name);
  }

  /** Reads again first: another process may have measured something else meanwhile. */
  async #save(): Promise<void> {
    if (!this.store) return;
    const all = parse(await this.store.read());
    const merged = Object.entries({ ...all[this.#adapter], ...Object.fromEntries(this.#chosen) }).slice(-MAX_KEPT);
    await this.store.write(JSON.stringify({ ...all, [this.#adapter]: Object.fromEntries(merged) }, undefined, 1));
  }
}

type Choices = Record<string, Record<string, string>>;

/** What a store holds. It is a cache: text that is none of ours is no choices, and gets overwritten. */
function parse(text: string | undefined): Choices {
  let value: unknown;
  try {
    value = JSON.parse(text ?? "{}");
  } catch {
    return {};
  }
  const isRecord = (v: unknown): v is Record<string, unknown> =>
    typeof v === "object" && v !== null && !Array.isArray(v);
  if (!isRecord(value)) return {};
  const adapters = Object.entries(value).flatMap(([adapter, choices]): [string, Record<string, string>][] => {
    if (!isRecord(choices)) return [];
    return [
      [
        adapter,
        Object.fromEntries(
          Object.entries(choices).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
        ),
      ],
    ];
  });
  return Object.fromEntries(adapters);
}
