/** Loads the tuner where there is something for it to do. */
import type { Device } from "../gpu/device.js";
import type { VariantChoice, VariantPick } from "../kernel/choice.js";
import type { Precision } from "../kernel/variant.js";
import type { Graph } from "../plan/graph.js";
import { importTuner } from "./tuner/import-tuner.js";
import type { TuningStore } from "./tuning-store.js";

export interface TuningOptions {
  /** Keeps the variants that were fastest when measured. Without it the defaults run, unless `tuneBudget` is given. */
  readonly tuning?: TuningStore | undefined;
  /** Milliseconds that measuring may take in all. Default 0: kept choices are used, and nothing is measured. */
  readonly tuneBudget?: number | undefined;
}

/** Chooses the variants of a graph. */
export interface ChoosesVariants {
  /** Variants in `fixed` are taken as they are. @throws the signal's reason */
  choose(graph: Graph, fixed?: VariantChoice, precision?: Precision, signal?: AbortSignal): Promise<VariantPick>;
}

/**
 * Undefined where nothing may be measured and no choices are kept. Tuners with the same options object share its
 * budget: what is spent stays spent when a network moves to another device.
 */
export async function openTuner(device: Device, options: TuningOptions): Promise<ChoosesVariants | undefined> {
  if (!options.tuneBudget && (await options.tuning?.read()) === undefined) return undefined;
  const { Tuner } = await importTuner();
  return new Tuner(device, options);
}
