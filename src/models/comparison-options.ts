/** Options of comparisons, of one checkpoint and of several, and what their calls take. */
import { ABORTABLE_KINDS } from "../base/abort.js";
import type { Abortable } from "../base/abort.js";
import { checkCount, checkKind, checkOneOf } from "../base/options.js";
import type { Kinds } from "../base/options.js";
import { checkPictureSize } from "../image/picture.js";
import type { VariantChoice } from "../kernel/choice.js";
import type { ComparedVariant } from "./compared.js";
import type { ComparisonKind } from "./comparison-graph.js";
import type { NetworkPlans } from "./network-on-device.js";
import type { PrecisionOption } from "./precision.js";
import type { Preprocessing } from "./preprocessing.js";
import type { DeviceChoice } from "./runtime.js";

/** Which networks a comparison runs, and how. */
export interface ComparisonOptions
  extends
    Pick<DeviceChoice, "openDevice" | "recover">,
    Pick<NetworkPlans<ComparisonKind>, "maxPlans" | "tuning" | "tuneBudget"> {
  /** Default: fcn32s, fcn16s and fcn8s. */
  readonly variants?: readonly ComparedVariant[];
  /** As in LoadOptions: skips are scaled, as in pytorch-fcn's FCN8sAtOnce. Default false. */
  readonly atOnce?: boolean;
  /** Mean and standard deviation with which the weights were trained. Default: as the network is known for. */
  readonly preprocessing?: Preprocessing;
  /** As in LoadOptions. */
  readonly classNames?: readonly string[];
  /** Kernel variants by kernel name, instead of the default choice: `{ conv2d: "naive" }`. */
  readonly kernels?: VariantChoice | undefined;
  /** How activations and weights are stored between kernels. Default f32. */
  readonly precision?: PrecisionOption;
  /** Called while a plan is made, for each of its pipelines that is ready. */
  readonly onPipeline?: (ready: number, total: number) => void;
}

/** Options that a comparison has in common with a set of checkpoints. */
export const SHARED_KINDS: Kinds<Omit<ComparisonOptions, "preprocessing" | "atOnce">> = {
  variants: "an array",
  classNames: "an array",
  kernels: "an object",
  precision: "a string",
  onPipeline: "a function",
  openDevice: "a function",
  recover: "a string",
  maxPlans: "a number",
  tuning: "an object",
  tuneBudget: "a number",
};
export const COMPARISON_KINDS: Kinds<ComparisonOptions> = {
  ...SHARED_KINDS,
  preprocessing: "an object",
  atOnce: "a boolean",
};

/** What a run of a comparison brings. */
export interface ComparisonRunOptions extends Abortable {
  /** Also bring the scores off the GPU, so that pixels can be asked for their probabilities. Default false. */
  readonly scores?: boolean;
}

export const RUN_KINDS: Kinds<ComparisonRunOptions> = { ...ABORTABLE_KINDS, scores: "a boolean" };

/** What measure() was asked for. `choices` may be measured. @throws bad-option */
export function checkMeasure(
  measured: readonly string[],
  [height, width]: readonly [number, number],
  rounds: number,
  choices: readonly string[],
): void {
  checkKind("measure: variants", measured, "an array");
  for (const variant of measured as readonly unknown[])
    checkOneOf("measure: variant", variant ?? "undefined", choices as readonly unknown[]);
  checkPictureSize("measure", width, height);
  checkKind("measure: rounds", rounds, "a number");
  checkCount("measure: rounds", rounds);
}
