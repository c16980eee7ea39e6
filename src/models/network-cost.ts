/** What a network costs for one picture: time is measured; operations, parameters and memory are counted. */
import { toRgba } from "../image/picture.js";
import { plainPacking } from "../kernel/packings.js";
import { elements } from "../kernel/shape.js";
import type { Plan, PlanOptions } from "../plan/plan.js";
import type { WeightStore } from "../plan/weight-store.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { uploadBytes } from "./batches.js";
import { SHARED } from "./compared.js";
import type { ComparedVariant } from "./compared.js";
import type { NetworkOnDevice } from "./network-on-device.js";
import { unpackOutputs } from "./picture-result.js";

/** Stands for all variants in one plan, where a single one could be named. */
export const ALL = "all" as const;

/** What a network costs for one picture of a size. */
export interface NetworkCost {
  /** A variant alone, or "all" of them over one backbone. */
  readonly variant: ComparedVariant | typeof ALL;
  readonly width: number;
  readonly height: number;
  /** Milliseconds from RGBA to labels: the fastest of several runs after a first, since other work only adds time. */
  readonly ms: number;
  /** Operations of the backbone. A multiply-add counts as two. */
  readonly sharedFlops: number;
  readonly headFlops: number;
  /** Learned numbers: weights, biases, and the scales and shifts of batch norms. */
  readonly sharedParameters: number;
  readonly headParameters: number;
  /** Bytes of GPU memory for the weights as packed. */
  readonly weightBytes: number;
  /** Bytes of GPU memory for activations, inputs and staging. */
  readonly planBytes: number;
}

type CountedCost = Omit<NetworkCost, "variant" | "width" | "height" | "ms">;

/** How the parts of a network are told apart by name. */
export interface PartNames {
  /** Whether a tensor of the checkpoint is the head's, or for "all" one of the heads'. */
  isOfHead(variant: NetworkCost["variant"], tensor: string): boolean;
  /** The stage of a step: SHARED, or a variant. */
  stageOf(label: string): string;
}

export interface CostRequest {
  readonly variants: readonly NetworkCost["variant"][];
  readonly height: number;
  readonly width: number;
  /** Runs of each variant after one that warms up. */
  readonly rounds: number;
  readonly planOptions: PlanOptions;
}

interface Measured {
  readonly variant: NetworkCost["variant"];
  readonly plan: Plan;
  readonly times: number[];
}

/** One cost for each variant, in order. @throws limit-too-small, out-of-memory, device-lost */
export async function measureNetworks(
  network: NetworkOnDevice<NetworkCost["variant"]>,
  checkpoint: Checkpoint,
  parts: PartNames,
  { variants, height, width, rounds, planOptions }: CostRequest,
): Promise<NetworkCost[]> {
  const measured: Measured[] = [];
  try {
    for (const variant of variants) {
      const plan = await network.makePlan({ kind: variant, count: 1, height, width }, planOptions);
      measured.push({ variant, plan, times: [] });
    }
    const grey = toRgba({ width, height, data: new Uint8Array(height * width * 4).fill(128) });
    await timeInTurns(measured, rounds, () => uploadBytes([grey], network.resize));
    const costs = measured.map(async ({ variant, plan, times }): Promise<NetworkCost> => {
      const counted = await countCost(plan, network.store, checkpoint, {
        isOfHead: (tensor) => parts.isOfHead(variant, tensor),
        stageOf: (label) => parts.stageOf(label),
      });
      return { variant, width, height, ms: Math.min(...times), ...counted };
    });
    return await Promise.all(costs);
  } finally {
    for (const { plan } of measured) plan.dispose();
  }
}

/** The plans take turns, so that a machine that slows down for a while slows all of them. */
async function timeInTurns(
  measured: readonly Measured[],
  rounds: number,
  upload: () => ArrayBufferView,
): Promise<void> {
  for (let round = 0; round <= rounds; round++) {
    const isWarmUp = round === 0;
    for (const { plan, times } of measured) {
      const start = performance.now();
      unpackOutputs(await plan.run({ picture: upload() }));
      if (!isWarmUp) times.push(performance.now() - start);
    }
  }
}

/** `isOfHead` recognises a head's tensors by their names; `stageOf` recognises its steps by their labels. */
async function countCost(
  { steps, bytes }: Plan,
  store: WeightStore,
  checkpoint: Checkpoint,
  { isOfHead, stageOf }: { isOfHead: (tensor: string) => boolean; stageOf: (label: string) => string },
): Promise<CountedCost> {
  const flops = { shared: 0, head: 0 };
  const copies = new Map<string, number>();
  for (const step of steps) {
    const part = stageOf(step.label) === SHARED ? "shared" : "head";
    flops[part] += step.kernel.cost(step.problem).flops;
    for (const [key, weight] of Object.entries(step.weights)) {
      const packing = step.variant.packing?.[key] ?? plainPacking;
      const copy = await store.get(weight, packing, step.problem);
      copies.set(`${weight.name} ${packing.name}`, copy.size);
    }
  }
  return {
    sharedFlops: flops.shared,
    headFlops: flops.head,
    sharedParameters: learnedParameters(checkpoint, (name) => name.startsWith("backbone.")),
    headParameters: learnedParameters(checkpoint, isOfHead),
    weightBytes: sum([...copies.values()]),
    planBytes: bytes,
  };
}

/** Learned numbers in some tensors of the checkpoint. Running statistics are measured, not learned. */
function learnedParameters(checkpoint: Checkpoint, isCounted: (name: string) => boolean): number {
  const isStatistic = (name: string): boolean => /\.(running_mean|running_var|num_batches_tracked)$/.test(name);
  const own = [...checkpoint.tensors.values()].filter(({ name }) => isCounted(name) && !isStatistic(name));
  return sum(own.map(({ shape }) => elements(shape)));
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
