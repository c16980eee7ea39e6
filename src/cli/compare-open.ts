/** From options to a comparison that is ready to run: checkpoint, variants, device, and the header of its results. */
import { basename } from "node:path";
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
import { namedWeights } from "../weights/catalogue.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { recognise } from "../weights/names.js";
import type { Recognised } from "../weights/names.js";
import { openCheckpoint } from "../weights/open.js";
import { checkMeaning, describeMeaning } from "./label-options.js";
import { printError } from "./output.js";
import { byteBar } from "./progress.js";

export interface ComparisonRequest {
  /** Undefined for all that the checkpoint has heads for. */
  readonly variants: readonly ComparedVariant[] | undefined;
  /** Name, path or URL; undefined for the checkpoint that ships. */
  readonly weights: string | undefined;
  /** Undefined for those in the checkpoint, or the usual ones. */
  readonly classNames: readonly string[] | undefined;
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

async function openWeights(weights: string, stateDict: string | undefined): Promise<Recognised> {
  const bar = byteBar();
  const opening = openSource(weights, { onProgress: (count) => bar.show("downloading", count) });
  return recognise(await openCheckpoint(await opening.finally(bar.clear), { stateDict }));
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

/** What ships has the name of its file, wherever the package is. */
function weightsName(weights: string, { name, bytes }: Checkpoint, stateDict: string | undefined): string {
  const named = namedWeights(weights);
  if (named?.sha256 !== undefined) return basename(named.url.pathname);
  return `${name} (${bytes} bytes${stateDict === undefined ? "" : `, ${stateDict}`})`;
}

/** @throws bad-weights, bad-option, no-adapter */
export async function openComparison(options: ComparisonRequest): Promise<OpenComparison> {
  const { weights = "photos", boundaryWidth, precision, stateDict, classNames } = options;
  const found = await openWeights(weights, stateDict);
  const { checkpoint } = found;
  const variants = variantsToCompare(found, options.variants);
  if (options.weights !== undefined) announce(weights, found, variants, options.variants !== undefined);
  const device = await requestDevice(defined({ adapter: options.adapter }));
  const tuned = tuningOf(options.tune, fileTuningStore());
  const settings = { variants, precision, ...tuned, ...defined({ classNames }) };
  const comparison = await Comparison.open(device, checkpoint, settings);
  if (comparison.notice !== undefined) printError(`fcn: WARNING: ${comparison.notice}`);
  checkMeaning(options.meaning, comparison.classes);
  const labels = describeMeaning(options.meaning);
  const header: RunHeader = {
    format: FORMAT,
    variants,
    classNames: comparison.classNames,
    boundaryWidth,
    weights: weightsName(weights, checkpoint, stateDict),
    adapter: adapterName(device),
    precision: comparison.precision,
    ...(comparison.resize === "none" ? {} : { resize: comparison.resize }),
    ...defined({ labels }),
  };
  return { comparison, checkpoint, device, header };
}
