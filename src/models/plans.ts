/** The plans that a model keeps. The least recently used one goes first, and a plan that goes frees its memory. */
import type { PlanInputs } from "../plan/inputs.js";
import type { Plan } from "../plan/plan.js";
import type { HostResult } from "../plan/plan-options.js";

/** A plan that brings its outputs to the host: of a whole picture, or in bands. */
export interface PicturePlan extends Pick<Plan, "steps" | "bytes" | "dispose"> {
  /** A plan in bands ends between two of them when the signal is aborted. */
  run(inputs: PlanInputs, signal?: AbortSignal): Promise<HostResult>;
}

export class PlanCache<P extends PicturePlan = PicturePlan> {
  /** In order of use: a Map iterates in insertion order, and find() inserts again what it finds. */
  readonly #plans = new Map<string, P>();

  constructor(readonly capacity: number) {}

  get size(): number {
    return this.#plans.size;
  }

  /** Bytes of GPU memory that the kept plans take. */
  get bytes(): number {
    return [...this.#plans.values()].reduce((sum, plan) => sum + plan.bytes, 0);
  }

  /** The plan kept under `key`, which becomes the most recently used one. */
  find(key: string): P | undefined {
    const plan = this.#plans.get(key);
    if (plan) {
      this.#plans.delete(key);
      this.#plans.set(key, plan);
    }
    return plan;
  }

  /** Frees the oldest plans until one more can be kept. */
  makeRoom(): void {
    while (this.#plans.size >= this.capacity) {
      const [oldest] = this.#plans;
      if (!oldest) return;
      const [key, plan] = oldest;
      this.#plans.delete(key);
      plan.dispose();
    }
  }

  keep(key: string, plan: P): void {
    this.#plans.set(key, plan);
  }

  /** Frees the plans for which `isStale` holds. */
  drop(isStale: (plan: P) => boolean): void {
    for (const [key, plan] of this.#plans) {
      if (!isStale(plan)) continue;
      this.#plans.delete(key);
      plan.dispose();
    }
  }

  dispose(): void {
    for (const plan of this.#plans.values()) plan.dispose();
    this.#plans.clear();
  }
}
