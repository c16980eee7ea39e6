/**
 * Plans by what they compute and for which size: a small cache, least recently used out first. An evicted plan frees its
 * memory; so does dispose().
 */
import { isFcnError } from "../base/errors.js";
import type { Plan } from "../plan/plan.js";

export class PlanCache {
  readonly #plans = new Map<string, Plan>();

  constructor(readonly capacity: number) {}

  get size(): number {
    return this.#plans.size;
  }

  /** Bytes of GPU memory of the plans held. */
  get bytes(): number {
    return [...this.#plans.values()].reduce((sum, plan) => sum + plan.bytes, 0);
  }

  /** The plan under `key`, made and kept if absent. Calls must not overlap (the segmenter queues them). */
  async get(key: string, make: () => Promise<Plan>): Promise<Plan> {
    const held = this.#plans.get(key);
    if (held) {
      this.#plans.delete(key); // re-inserted below: a Map iterates in insertion order
      this.#plans.set(key, held);
      return held;
    }
    // Make room first, so that the peak is one plan less.
    while (this.#plans.size >= this.capacity) this.#evictOldest();
    const plan = await make().catch((error: unknown) => {
      if (!isFcnError(error, "out-of-memory") || this.#plans.size === 0) throw error;
      this.dispose(); // once more, with the memory of the other sizes
      return make();
    });
    this.#plans.set(key, plan);
    return plan;
  }

  #evictOldest(): void {
    const oldest = this.#plans.entries().next();
    if (oldest.done) return;
    this.#plans.delete(oldest.value[0]);
    oldest.value[1].dispose();
  }

  dispose(): void {
    for (const plan of this.#plans.values()) plan.dispose();
    this.#plans.clear();
  }
}
