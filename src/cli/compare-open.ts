/** From options to a comparison that is ready to run: checkpoint, variants, device, and the header its results stand under. */
import { fileURLToPath } from "node:url";
import { FORMAT } from "../eval/records.js";
import type { RunHeader } from "../eval/records.js";
import { variantsToCompare } from "../models/compared.js";
import type { ComparedVariant } from "../models/compared.js";
import { Comparison } from "../models/comparison.js";
import type { PrecisionOption } from "../models/precision.js";
import { openSource, requestDevice } from "../node.js";
import type { Device } from "../node.js";
import { fileTuningStore } from "../tuning/file-store.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { DEFAULT_CHECKPOINT, defaultCheckpointUrl, verified } from "../weights/default-checkpoint.js";
import { recognise } from "../weights/names.js";
import { openCheckpoint } from "../weights/open.js";
import { printError } from "./command.js";

export interface Asked {
  /** What the checkpoint has heads for, where not given. */
  readonly variants: readonly ComparedVariant[] | undefined;
  readonly weights: string | undefined;
  readonly boundaryWidth: number;
  readonly precision: PrecisionOption;
  /** Measure once which kernel variants are fastest. */
  readonly tune: boolean;
  readonly adapter: string | undefined;
}

export interface OpenComparison {
  readonly comparison: Comparison;
  readonly checkpoint: Checkpoint;
  readonly device: Device;
  readonly header: RunHeader;
}

/** The adapter and, where it is told, the driver with its version, which times depend on. */
function adapterName({ label, adapter: { description } }: Device): string {
  return description && description !== label ? `${label} (${description})` : label;
}

/** @throws bad-weights, bad-option, no-adapter */
export async function openComparison({
  variants: asked,
  weights,
  boundaryWidth,
  precision,
  tune,
  adapter,
}: Asked): Promise<OpenComparison> {
  const source = await openSource(weights ?? fileURLToPath(defaultCheckpointUrl()));
  const found = recognise(
    await openCheckpoint(weights === undefined ? await verified(source, DEFAULT_CHECKPOINT.sha256) : source),
  );
  const { checkpoint } = found;
  const variants = variantsToCompare(found, asked);
  if (weights !== undefined) {
    printError(`fcn: ${weights} is ${found.description}; runs ${variants.join(", ")}`);
    const left = asked ? [] : found.variants.filter((variant) => !variants.includes(variant));
    if (left.length)
      printError(
        `fcn: ${left.join(", ")} has a backbone of its own and is left out; --variants ${left.join(",")} runs it alone`,
      );
  }
  const device = await requestDevice(adapter === undefined ? {} : { adapter });
  const comparison = new Comparison(device, checkpoint, {
    variants,
    precision,
    tuning: tune ? fileTuningStore() : undefined,
  });
  const header: RunHeader = {
    format: FORMAT,
    variants,
    classNames: comparison.classNames,
    boundaryWidth,
    weights: weights === undefined ? DEFAULT_CHECKPOINT.file : `${checkpoint.name} (${checkpoint.bytes} bytes)`,
    adapter: adapterName(device),
    precision: comparison.precision,
    ...(comparison.resize === "none" ? {} : { resize: comparison.resize }),
  };
  return { comparison, checkpoint, device, header };
}
