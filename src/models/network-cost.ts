/** What a network costs for one picture: time is measured; operations, parameters and memory are counted. */
import { median } from "../base/statistics.js";
import type { Memory } from "../gpu/memory.js";
import { toRgba } from "../image/picture.js";
import { plainPacking } from "../kernel/packings.js";
import { elements } from "../kernel/shape.js";
import type { Plan } from "../plan/plan.js";
import type { PlanOptions } from "../plan/plan-options.js";
import type { WeightStore } from "../plan/weight-store.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { uploadBytes } from "./batches.js";
import type { ComparedVariant } from "./compared.js";
import type { NetworkOnDevice } from "./network-on-device.js";
import { unpackOutputs } from "./picture-result.js";

/** Stands for all variants in one plan, where a single one could be named. */
export const ALL = "all" as const;

/** The numbers of a cost, which add up over networks. The picture's size is not a cost. */
export const COST_NUMBERS = [
  "ms",
  "sharedFlops",
  "headFlops",
  "sharedParameters",
  "headParameters",
  "weightBytes",
  "planBytes",
] as const satisfies readonly (keyof NetworkCost)[];

/** What a network costs for one picture of a size. */
export interface NetworkCost<Name extends string = ComparedVariant | "all"> {
  /** A variant alone, or "all" of them over one backbone. In a set: the name of a network, or of several together. */
  readonly variant: Name;
  /** Pixels of the picture's rows. */
  readonly width: number;
  /** Its rows. */
  readonly height: number;
  /** Milliseconds from RGBA to labels: the median of several rounds after a first, in which the networks take turns. */
  readonly ms: number;
  /**
   * Milliseconds of each round, in order. Those of networks that were measured together belong to the same rounds.
   * Absent in results of versions that kept the fastest run only, as `ms`.
   */
  readonly times?: readonly number[];
  /** Operations of the backbone. A multiply-add counts as two. */
  readonly sharedFlops: number;
  /** Operations of the heads, counted alike. */
  readonly headFlops: number;
  /** Learned numbers of the backbone: weights, biases, and the scales and shifts of batch norms. */
  readonly sharedParameters: number;
  /** Learned numbers of the heads. */
  readonly headParameters: number;
  /** Bytes of GPU memory for the weights as packed. */
  readonly weightBytes: number;
  /** Bytes of GPU memory for activations, inputs and staging. */
  readonly planBytes: number;
}

type CountedCost = Omit<NetworkCost, "variant" | "width" | "height" | "ms" | "times" | keyof LearnedParameters>;

/** How the parts of a network are told apart by name. */
export interface PartNames {
  /** Whether a tensor of the checkpoint is the head's. */
  isOfHead(variant: ComparedVariant, tensor: string): boolean;
  /** The stage of a step: SHARED, or a variant. */
  stageOf(label: string): string;
}

/** What to measure. */
export interface CostTask<Kind extends string, Name extends string> {
  /** Of the cost. */
  readonly name: Name;
  /** Of the plan. */
  readonly kind: Kind;
  readonly parameters: LearnedParameters;
  /** Whether a step, by its label, is the backbone's. */
  readonly isShared: (label: string) => boolean;
}

type LearnedParameters = Pick<NetworkCost, "sharedParameters" | "headParameters">;

export interface CostRequest {
  readonly height: number;
  readonly width: number;
  /** Runs of each plan after one that warms up. */
  readonly rounds: number;
  readonly planOptions: PlanOptions;
}

interface Measured {
  readonly plan: Plan;
  readonly times: number[];
}

/** One cost for each task, in order. @throws limit-too-small, out-of-memory, device-lost */
export async function measureNetworks<Kind extends string, Name extends string>(
  network: NetworkOnDevice<Kind>,
  tasks: readonly CostTask<Kind, Name>[],
  { height, width, rounds, planOptions }: CostRequest,
): Promise<NetworkCost<Name>[]> {
  const measured: (Measured & { readonly task: CostTask<Kind, Name> })[] = [];
  try {
    for (const task of tasks) {
      const plan = await network.makePlan({ kind: task.kind, count: 1, height, width }, planOptions);
      measured.push({ task, plan, times: [] });
    }
    // After the plans: they refuse a size that is too large.
    const grey = toRgba({ width, height, data: new Uint8Array(height * width * 4).fill(128) });
    await timeInTurns(measured, rounds, ({ task }) => uploadBytes([grey], network.resizeOf(task.kind)));
    const costs = measured.map(async ({ task, plan, times }): Promise<NetworkCost<Name>> => {
      const { name, parameters, isShared } = task;
      const counted = await countCost(plan, network.store, isShared);
      return { variant: name, width, height, ms: median(times), times, ...parameters, ...counted };
    });
    return await Promise.all(costs);
  } finally {
    for (const { plan } of measured) plan.dispose();
  }
}

/** The plans take turns, so that a machine that slows down for a while slows all of them. */
async function timeInTurns<M extends Measured>(
  measured: readonly M[],
  rounds: number,
  upload: (own: M) => ArrayBufferView,
): Promise<void> {
  for (let round = 0; round <= rounds; round++) {
    const isWarmUp = round === 0;
    for (const own of measured) {
      const { plan, times } = own;
      const start = performance.now();
      unpackOutputs(await plan.run({ picture: upload(own) }));
      if (!isWarmUp) times.push(performance.now() - start);
    }
  }
}

async function countCost(
  { steps, bytes }: Plan,
  store: WeightStore,
  isShared: (label: string) => boolean,
): Promise<CountedCost> {
  const flops = { shared: 0, head: 0 };
  const copies = new Set<Memory>();
  for (const step of steps) {
    flops[isShared(step.label) ? "shared" : "head"] += step.kernel.cost(step.problem).flops;
    for (const [key, weight] of Object.entries(step.weights)) {
      const packing = step.variant.packing?.[key] ?? plainPacking;
      copies.add(await store.get(weight, packing, step.problem));
    }
  }
  return {
    sharedFlops: flops.shared,
    headFlops: flops.head,
    weightBytes: sum([...copies].map(({ size }) => size)),
    planBytes: bytes,
  };
}

/** Learned numbers in the backbone of a checkpoint. */
export const backboneParameters = (checkpoint: Checkpoint): number =>
  learnedParameters(checkpoint, (name) => name.startsWith("backbone."));

/** Learned numbers in the heads of these networks. */
export const headParameters = (checkpoint: Checkpoint, parts: PartNames, heads: readonly ComparedVariant[]): number =>
  learnedParameters(checkpoint, (name) => heads.some((head) => parts.isOfHead(head, name)));

/** Learned numbers in some tensors of the checkpoint. Running statistics are measured, not learned. */
function learnedParameters(checkpoint: Checkpoint, isCounted: (name: string) => boolean): number {
  const isStatistic = (name: string): boolean => /\.(running_mean|running_var|num_batches_tracked)$/.test(name);
  const own = [...checkpoint.tensors.values()].filter(({ name }) => isCounted(name) && !isStatistic(name));
  return sum(own.map(({ shape }) => elements(shape)));
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
