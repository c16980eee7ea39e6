/** Loads the tuner where there is something for it to do. */
import type { Device } from "../gpu/device.js";
import type { VariantChoice, VariantPick } from "../kernel/choice.js";
import type { Precision } from "../kernel/variant.js";
import type { Graph } from "../plan/graph.js";
import { importTuner } from "./tuner/import-tuner.js";
import type { TuningStore } from "./tuning-store.js";

export interface TuningOptions {
  readonly store?: TuningStore | undefined;
  /** Milliseconds that measuring may take in all. Default 0: choices of earlier sessions only. */
  readonly budget?: number | undefined;
}

/** Chooses the variants of a graph. */
export interface ChoosesVariants {
  /** Variants in `fixed` are taken as they are. @throws the signal's reason */
  choose(graph: Graph, fixed?: VariantChoice, precision?: Precision, signal?: AbortSignal): Promise<VariantPick>;
}

/** Undefined where nothing may be measured and no choices are kept. */
export async function openTuner(device: Device, options: TuningOptions): Promise<ChoosesVariants | undefined> {
  const { store, budget = 0 } = options;
  if (budget === 0 && (await store?.read()) === undefined) return undefined;
  const { Tuner } = await importTuner();
  return new Tuner(device, options);
}
