/**
 * Refines the choice of variants on this device: measures the few that the estimates put first, and keeps the fastest
 * between sessions. Candidates read and write the same layouts as the default variant, in the same precision, so a
 * choice changes nothing around it. Sizes of one class share a choice. measure-variant.ts does the measuring.
 */
import { isTooLarge } from "../../base/errors.js";
import type { Device } from "../../gpu/device.js";
import { rankedVariants } from "../../kernel/choice.js";
import type { VariantChoice, VariantPick } from "../../kernel/choice.js";
import type { Kernel } from "../../kernel/kernel.js";
import type { AnyProblem } from "../../kernel/problem.js";
import type { Precision } from "../../kernel/variant.js";
import type { Graph } from "../../plan/graph.js";
import type { ChoosesVariants, TuningOptions } from "../open-tuner.js";
import { parseChoices } from "./choices.js";
import { candidatesOf, classKey } from "./candidates.js";
import { measureVariant } from "./measure-variant.js";
import type { Measured } from "./measure-variant.js";

/** Milliseconds of one run of a variant. A measurement may stop early once the variant is slower than `limit`. */
export type MeasureVariant = (device: Device, measured: Measured, limit: number) => Promise<number>;

/** Problems kept in a store; the oldest go first. ResNet-101 has 27 at one size. */
const MAX_KEPT = 2000;

/** Milliseconds that were spent on measuring, by the options that allowed them. */
const spent = new WeakMap<TuningOptions, number>();

/** How a tuner measures. */
interface Measuring {
  readonly measure?: MeasureVariant;
  /** Milliseconds. */
  readonly now?: () => number;
}

/** Problems that share a choice: the first of them, and how often such problems occur in the graph. */
interface Problems extends Omit<Measured, "variant"> {
  readonly key: string;
  readonly candidates: readonly string[];
  count: number;
}

export class Tuner implements ChoosesVariants {
  readonly #chosen = new Map<string, string>();
  #loading: Promise<void> | undefined;
  /** Some choices are not in the store yet. A call that was aborted leaves them to the next. */
  #isUnsaved = false;
  readonly #measure: MeasureVariant;
  readonly #now: () => number;

  /** Tuners with the same `options` object share its budget. */
  constructor(
    readonly device: Device,
    readonly options: TuningOptions = {},
    { measure = measureVariant, now = () => performance.now() }: Measuring = {},
  ) {
    this.#measure = measure;
    this.#now = now;
  }

  /** Milliseconds that are left for measuring. */
  get #left(): number {
    const { tuneBudget = 0 } = this.options;
    return tuneBudget - (spent.get(this.options) ?? 0);
  }

  /**
   * Measures problems of the graph that have no choice yet, those first that take longest, until the budget is spent.
   * Returns the choice for the graph's plan. Variants in `fixed` are taken as they are and not measured.
   * @throws the signal's reason, between two candidates
   */
  async choose(
    graph: Graph,
    fixed: VariantChoice = {},
    precision?: Precision,
    signal?: AbortSignal,
  ): Promise<VariantPick> {
    await (this.#loading ??= this.#load());
    const unknown = this.#problemsOf(graph, fixed, precision).filter(({ key }) => !this.#chosen.has(key));
    for (const problems of unknown) {
      const fastest = await this.#fastest(problems, signal);
      if (fastest === undefined) break;
      this.#chosen.set(problems.key, fastest);
      this.#isUnsaved = true;
    }
    if (this.#isUnsaved) await this.#save();
    return (kernel, problem) => fixed[kernel.name] ?? this.#lookUp(kernel, problem, precision);
  }

  /** What there is to choose in the graph, by the time that it is estimated to take. */
  #problemsOf(graph: Graph, fixed: VariantChoice, precision: Precision | undefined): Problems[] {
    const found = new Map<string, Problems>();
    for (const { kernel, problem } of graph.callsOn(this.device, precision)) {
      if (fixed[kernel.name] !== undefined) continue;
      const key = classKey(kernel, problem, precision);
      const known = found.get(key);
      if (known) known.count += 1;
      else
        found.set(key, {
          kernel,
          problem,
          key,
          candidates: candidatesOf(kernel, problem, this.device, precision),
          count: 1,
        });
    }
    const choices = [...found.values()].filter(({ candidates }) => candidates.length > 1);
    return choices.sort((a, b) => this.#estimate(b) - this.#estimate(a));
  }

  #estimate({ kernel, problem, candidates, count }: Problems): number {
    const [first = ""] = candidates;
    return count * (kernel.variants[first]?.estimate?.(problem, this.device) ?? 0);
  }

  /** The choice of an earlier measurement, if it can run this problem. */
  #lookUp(kernel: Kernel, problem: AnyProblem, precision: Precision | undefined): string | undefined {
    const chosen = this.#chosen.get(classKey(kernel, problem, precision));
    const isUsable = chosen !== undefined && rankedVariants(kernel, problem, this.device, precision).includes(chosen);
    return isUsable ? chosen : undefined;
  }

  /** Undefined where the budget ends before all candidates were measured. */
  async #fastest(
    { kernel, problem, candidates }: Problems,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    let best = { name: candidates[0] as string, ms: Infinity };
    for (const variant of candidates) {
      signal?.throwIfAborted();
      if (this.#left <= 0) return undefined;
      const start = this.#now();
      const ms = await this.#measureIfRuns({ kernel, problem, variant }, best.ms);
      spent.set(this.options, (spent.get(this.options) ?? 0) + this.#now() - start);
      if (ms < best.ms) best = { name: variant, ms };
    }
    return best.name;
  }

  /** Infinity for a variant that does not compile or fit. If none does, making the plan reports it. */
  async #measureIfRuns(measured: Measured, limit: number): Promise<number> {
    try {
      return await this.#measure(this.device, measured, limit);
    } catch (error) {
      const refused = this.device.refused.has(measured.kernel.variants[measured.variant] as object);
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
    const kept = parseChoices(await this.options.tuning?.read())[this.#adapter] ?? {};
    for (const [key, name] of Object.entries(kept)) this.#chosen.set(key, name);
  }

  /** Reads the store again before writing: another process may have added choices. */
  async #save(): Promise<void> {
    this.#isUnsaved = false;
    const store = this.options.tuning;
    if (!store) return;
    const all = parseChoices(await store.read());
    const merged = { ...all[this.#adapter], ...Object.fromEntries(this.#chosen) };
    const newest = Object.entries(merged).slice(-MAX_KEPT);
    await store.write(JSON.stringify({ ...all, [this.#adapter]: Object.fromEntries(newest) }, undefined, 1));
  }
}
