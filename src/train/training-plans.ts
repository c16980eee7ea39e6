/**
 * The plans of a training, by the shapes of batches. A plan that runs the optimiser keeps the packed copies of
 * parameters up to date, and so must know all of them.
 */
import { isFcnError } from "../base/errors.js";
import type { Device } from "../gpu/device.js";
import { rankedVariants } from "../kernel/choice.js";
import type { VariantPick } from "../kernel/choice.js";
import type { Weight } from "../kernel/weight.js";
import { lower } from "../plan/lower.js";
import { Plan } from "../plan/plan.js";
import type { StateGraph } from "../plan/state-graph.js";
import { graphOf } from "./step-graph.js";
import type { TrainedWeight } from "./trained-weight.js";
import { canTrainIn } from "./training-store.js";
import type { TrainingStore } from "./training-store.js";

/** A plan, and how many packed copies of parameters there were when it was made. */
interface KeptPlan {
  readonly plan: Plan;
  readonly copies: number;
}

/** The best variant whose packed weights the GPU can keep up to date. */
const trainable =
  (device: Device): VariantPick =>
  (kernel, problem) =>
    rankedVariants(kernel, problem, device).find((name) =>
      Object.values(kernel.variants[name]?.packing ?? {}).every(canTrainIn),
    );

/** Pictures of a data set have many sizes. Plans of heads are small, those of whole networks are not. */
const MAX_PLANS = { large: 8, small: 64, bytes: 512e6 } as const;

export class TrainingPlans {
  /** In order of use. */
  readonly #plans = new Map<string, KeptPlan>();

  constructor(
    private readonly device: Device,
    private readonly parameters: ReadonlyMap<Weight, TrainedWeight>,
    private readonly store: TrainingStore,
    private readonly maxPlans: number | undefined,
  ) {}

  /** Bytes of GPU memory. */
  get bytes(): number {
    return [...this.#plans.values()].reduce((sum, { plan }) => sum + plan.bytes, 0);
  }

  get #copies(): number {
    return [...this.parameters.values()].reduce((sum, { copies }) => sum + copies.size, 0);
  }

  /** A kept plan updates the packed copies of its time. Where there are more now, it is made again. */
  async planOf(key: string, append: (graph: StateGraph) => void): Promise<Plan> {
    const kept = this.#plans.get(key);
    this.#plans.delete(key);
    if (kept && kept.copies === this.#copies) {
      this.#plans.set(key, kept);
      return kept.plan;
    }
    kept?.plan.dispose();
    await this.#makeCopies(append);
    this.#makeRoom();
    const plan = await this.#makePlan(append);
    this.#plans.set(key, { plan, copies: this.#copies });
    return plan;
  }

  /** Where there is no room beside the plans of other shapes, those are freed. */
  async #makePlan(append: (graph: StateGraph) => void): Promise<Plan> {
    const { device, store } = this;
    const make = (): Promise<Plan> => Plan.create(device, graphOf(append), store, trainable(device));
    try {
      return await make();
    } catch (error) {
      if (!isFcnError(error, "out-of-memory") || this.#plans.size === 0) throw error;
      this.dispose();
      return make();
    }
  }

  dispose(): void {
    for (const { plan } of this.#plans.values()) plan.dispose();
    this.#plans.clear();
  }

  /** Finds out in which orders the shaders of a graph read parameters, and makes those copies. */
  async #makeCopies(append: (graph: StateGraph) => void): Promise<void> {
    const { parameters, store } = this;
    for (const { weights, variant, problem } of lower(graphOf(append), this.device, trainable(this.device)).steps) {
      for (const [key, weight] of Object.entries(weights)) {
        const packing = variant.packing?.[key];
        if (packing && parameters.has(weight)) await store.get(weight, packing, problem);
      }
    }
  }

  get #mostPlans(): number {
    if (this.maxPlans !== undefined) return this.maxPlans;
    return this.bytes < MAX_PLANS.bytes ? MAX_PLANS.small : MAX_PLANS.large;
  }

  #makeRoom(): void {
    while (this.#plans.size >= this.#mostPlans) {
      const [oldest] = this.#plans;
      if (!oldest) return;
      this.#plans.delete(oldest[0]);
      oldest[1].plan.dispose();
    }
  }
}
