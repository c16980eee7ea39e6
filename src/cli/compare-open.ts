/** From options to a comparison that is ready to run: checkpoint, variants, device, and the header of its results. */
import { fileURLToPath } from "node:url";
import { defined } from "../base/defined.js";
import { FORMAT } from "../eval/records.js";
import type { RunHeader } from "../eval/records.js";
import type { LabelMeaning } from "../image/label-meaning.js";
import { variantsToCompare } from "../models/compared.js";
import type { ComparedVariant } from "../models/compared.js";
import { Comparison } from "../models/comparison.js";
import type { PrecisionOption } from "../models/precision.js";
import { openSource, requestDevice } from "../node.js";
import type { Device } from "../node.js";
import { fileTuningStore } from "../tuning/file-store.js";
import { tuningOf } from "../tuning/tune-option.js";
import type { TuneOption } from "../tuning/tune-option.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { DEFAULT_CHECKPOINT, defaultCheckpointUrl, verified } from "../weights/default-checkpoint.js";
import { recognise } from "../weights/names.js";
import type { Recognised } from "../weights/names.js";
import { openCheckpoint } from "../weights/open.js";
import { checkMeaning, describeMeaning } from "./label-options.js";
import { printError } from "./output.js";

export interface ComparisonRequest {
  /** Undefined for all that the checkpoint has heads for. */
  readonly variants: readonly ComparedVariant[] | undefined;
  /** Path or URL; undefined for the checkpoint that ships. */
  readonly weights: string | undefined;
  /** Which of several networks in the checkpoint, as in OpenOptions. */
  readonly stateDict: string | undefined;
  readonly boundaryWidth: number;
  readonly precision: PrecisionOption;
  /** What the values of label maps mean. */
  readonly meaning: LabelMeaning;
  /** Measure once which kernel variants are fastest. */
  readonly tune: TuneOption | undefined;
  /** Part of the adapter's name. */
  readonly adapter: string | undefined;
}

export interface OpenComparison {
  readonly comparison: Comparison;
  readonly checkpoint: Checkpoint;
  readonly device: Device;
  readonly header: RunHeader;
}

/** The adapter and, where known, the driver with its version: times depend on both. */
function adapterName({ label, adapter: { description } }: Device): string {
  return description && description !== label ? `${label} (${description})` : label;
}

/** The checkpoint that ships is checked against its SHA-256. */
async function openWeights({ weights, stateDict }: ComparisonRequest): Promise<Recognised> {
  if (weights !== undefined) return recognise(await openCheckpoint(await openSource(weights), { stateDict }));
  const source = await openSource(fileURLToPath(defaultCheckpointUrl()));
  return recognise(await openCheckpoint(await verified(source, DEFAULT_CHECKPOINT.sha256)));
}

/** Says on stderr whose checkpoint it is, and which of its variants do not run. */
function announce(weights: string, found: Recognised, variants: readonly string[], asked: boolean): void {
  printError(`fcn: ${weights} is ${found.description}; runs ${variants.join(", ")}`);
  const left = asked ? [] : found.variants.filter((variant) => !variants.includes(variant));
  if (left.length)
    printError(
      `fcn: ${left.join(", ")} has a backbone of its own and is left out; --variants ${left.join(",")} runs it alone`,
    );
}

function weightsName({ name, bytes }: Checkpoint, stateDict: string | undefined): string {
  return `${name} (${bytes} bytes${stateDict === undefined ? "" : `, ${stateDict}`})`;
}

/** @throws bad-weights, bad-option, no-adapter */
export async function openComparison(options: ComparisonRequest): Promise<OpenComparison> {
  const { weights, boundaryWidth, precision } = options;
  const found = await openWeights(options);
  const { checkpoint } = found;
  const variants = variantsToCompare(found, options.variants);
  if (weights !== undefined) announce(weights, found, variants, options.variants !== undefined);
  const device = await requestDevice(defined({ adapter: options.adapter }));
  const tuned = tuningOf(options.tune, fileTuningStore());
  const comparison = await Comparison.open(device, checkpoint, { variants, precision, ...tuned });
  checkMeaning(options.meaning, comparison.classes);
  const labels = describeMeaning(options.meaning);
  const header: RunHeader = {
    format: FORMAT,
    variants,
    classNames: comparison.classNames,
    boundaryWidth,
    weights: weights === undefined ? DEFAULT_CHECKPOINT.file : weightsName(checkpoint, options.stateDict),
    adapter: adapterName(device),
    precision: comparison.precision,
    ...(comparison.resize === "none" ? {} : { resize: comparison.resize }),
    ...defined({ labels }),
  };
  return { comparison, checkpoint, device, header };
}
