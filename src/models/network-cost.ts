/** What a network costs for one picture: operations, parameters, memory. Counted from a plan and the checkpoint; nothing runs. */
import { plainPacking } from "../kernel/packings.js";
import { elements } from "../kernel/shape.js";
import type { Plan } from "../plan/plan.js";
import type { WeightStore } from "../plan/weight-store.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { SHARED } from "./compared.js";
import type { ComparedVariant } from "./compared.js";

/** All variants in one plan, where a single one could be named. */
export const ALL = "all" as const;

/** What a network costs for one picture of a size. */
export interface NetworkCost {
  /** A variant alone, or "all" of them over one backbone. */
  readonly variant: ComparedVariant | typeof ALL;
  readonly width: number;
  readonly height: number;
  /** Milliseconds from RGBA to labels: the fastest of several runs after a first one, since other work on a machine only adds. */
  readonly ms: number;
  /** Multiply-adds count as two. */
  readonly sharedFlops: number;
  readonly headFlops: number;
  /** Learned numbers: weights, biases, batch norm's scales and shifts. */
  readonly sharedParameters: number;
  readonly headParameters: number;
  /** Bytes of GPU memory: weights as packed, activations with inputs and staging. */
  readonly weightBytes: number;
  readonly planBytes: number;
}

export type CountedCost = Omit<NetworkCost, "variant" | "width" | "height" | "ms">;

/** `stageOf` tells a head's steps by their label; `heads` are the prefixes of the heads' tensors. */
export async function countCost(
  { steps, bytes }: Plan,
  store: WeightStore,
  checkpoint: Checkpoint,
  heads: readonly string[],
  stageOf: (label: string) => string,
): Promise<CountedCost> {
  const flops = { shared: 0, head: 0 };
  const copies = new Map<string, number>();
  for (const step of steps) {
    flops[stageOf(step.label) === SHARED ? "shared" : "head"] += step.kernel.cost(step.problem).flops;
    for (const [key, weight] of Object.entries(step.weights)) {
      const packing = step.variant.packing?.[key] ?? plainPacking;
      copies.set(`${weight.name} ${packing.name}`, (await store.get(weight, packing, step.problem)).size);
    }
  }
  return {
    sharedFlops: flops.shared,
    headFlops: flops.head,
    sharedParameters: learned(checkpoint, "backbone."),
    headParameters: heads.reduce((sum, prefix) => sum + learned(checkpoint, prefix), 0),
    weightBytes: [...copies.values()].reduce((a, b) => a + b, 0),
    planBytes: bytes,
  };
}

/** Learned numbers in the checkpoint under a prefix; running statistics are measured, not learned. */
function learned(checkpoint: Checkpoint, prefix: string): number {
  const own = [...checkpoint.tensors.values()].filter(
    ({ name }) => name.startsWith(prefix) && !/\.(running_mean|running_var|num_batches_tracked)$/.test(name),
  );
  return own.reduce((sum, { shape }) => sum + elements(shape), 0);
}
