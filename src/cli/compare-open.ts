/** From options to a comparison that is ready to run: checkpoints, networks, device, and the header of its results. */
import { basename } from "node:path";
import { defined } from "../base/defined.js";
import { FORMAT, SET_FORMAT } from "../eval/records.js";
import type { GroupHeader, RunHeader } from "../eval/records.js";
import type { LabelMeaning } from "../image/label-meaning.js";
import type { ComparedVariant } from "../models/compared.js";
import { ComparisonSet } from "../models/node-comparison.js";
import type { PrecisionOption } from "../models/precision.js";
import { openSource, requestDevice } from "../node.js";
import type { Device } from "../node.js";
import { fileTuningStore } from "../tuning/file-store.js";
import { tuningOf } from "../tuning/tune-option.js";
import type { TuneOption } from "../tuning/tune-option.js";
import { namedWeights } from "../weights/catalogue.js";
import { recognise } from "../weights/names.js";
import type { Recognised } from "../weights/names.js";
import { openCheckpoint } from "../weights/open.js";
import { checkMeaning, describeMeaning } from "./label-options.js";
import { printNote } from "./output.js";
import { byteBar } from "./progress.js";

export interface ComparisonRequest {
  /** Undefined for all that the checkpoints have heads for. */
  readonly variants: readonly ComparedVariant[] | undefined;
  /** Names, paths or URLs; undefined for the checkpoint that ships. */
  readonly weights: readonly string[] | undefined;
  /** Undefined for those in the checkpoint, or the usual ones. */
  readonly classNames: readonly string[] | undefined;
  /** Which of several networks in the checkpoint, as in OpenOptions. */
  readonly stateDict: string | undefined;
  /** As in LoadOptions. */
  readonly atOnce: boolean;
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
  readonly comparison: ComparisonSet;
  /** Closes the checkpoints. */
  readonly close: () => Promise<void>;
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

/** Opens all of the weights, or none. */
async function openAll(all: readonly string[], stateDict: string | undefined): Promise<Recognised[]> {
  const opened: Recognised[] = [];
  try {
    for (const weights of all) opened.push(await openWeights(weights, stateDict));
    return opened;
  } catch (error) {
    for (const { checkpoint } of opened) await checkpoint.close();
    throw error;
  }
}

/** Says on stderr whose checkpoints these are, what runs, and which of them share a backbone. */
function announce(all: readonly string[], { groups, networks }: ComparisonSet): void {
  for (const [i, weights] of all.entries()) {
    const own = networks.filter(({ checkpoint }) => checkpoint === i).map(({ name }) => name);
    const descriptions = groups.flatMap((group) => {
      const at = group.checkpoints.indexOf(i);
      return at < 0 ? [] : [group.descriptions[at] ?? ""];
    });
    printNote(`fcn: ${weights} is ${descriptions[0] ?? ""}; runs ${own.join(", ")}`);
  }
  if (groups.length === 1 && all.length === 1) return;
  for (const { variants } of groups) {
    const own = variants.length > 1 ? "share a backbone" : "has a backbone of its own";
    printNote(`fcn: ${variants.join(", ")} ${own}`);
  }
}

const isVgg = ({ backbone }: Recognised): boolean => backbone.family === "vgg16";

/** What ships has the name of its file, wherever the package is. */
function weightsName(weights: string, found: Recognised, { stateDict, atOnce }: ComparisonRequest): string {
  const { name, bytes } = found.checkpoint;
  const named = namedWeights(weights);
  if (named?.sha256 !== undefined) return basename(named.url.pathname);
  const which = [stateDict, atOnce && isVgg(found) ? "at once" : undefined].filter((word) => word !== undefined);
  return `${name} (${[`${bytes} bytes`, ...which].join(", ")})`;
}

/** The groups of a set for the header; undefined for networks of one file that all share a backbone. */
function groupHeaders({ groups }: ComparisonSet, files: readonly string[]): GroupHeader[] | undefined {
  if (files.length === 1 && groups.length === 1) return undefined;
  return groups.map(({ name, checkpoints, variants, resize }) => {
    const weights = checkpoints.map((i) => files[i] ?? "").join(", ");
    return { name, weights, variants, ...(resize === "none" ? {} : { resize }) };
  });
}

/** @throws bad-weights, bad-option, no-adapter */
export async function openComparison(options: ComparisonRequest): Promise<OpenComparison> {
  const { weights = ["photos"], stateDict } = options;
  const opened = await openAll(weights, stateDict);
  const checkpoints = opened.map(({ checkpoint }) => checkpoint);
  const close = async (): Promise<void> => {
    for (const checkpoint of checkpoints) await checkpoint.close();
  };
  try {
    const device = await requestDevice(defined({ adapter: options.adapter }));
    const comparison = await openSet(device, opened, weights, options);
    if (options.weights !== undefined) announce(weights, comparison);
    if (comparison.notice !== undefined) printNote(`fcn: WARNING: ${comparison.notice}`);
    checkMeaning(options.meaning, comparison.classes);
    const files = weights.map((name, i) => weightsName(name, opened[i] as Recognised, options));
    return { comparison, close, device, header: headerOf(comparison, files, options) };
  } catch (error) {
    await close();
    throw error;
  }
}

function openSet(
  device: Device,
  opened: readonly Recognised[],
  weights: readonly string[],
  { precision, classNames, variants, tune, atOnce }: ComparisonRequest,
): Promise<ComparisonSet> {
  // Where no network can have been trained at once, the library says so.
  const areAny = opened.some(isVgg);
  const given = opened.map((found, i) => {
    return { checkpoint: found.checkpoint, name: weights[i] ?? "", atOnce: atOnce && (isVgg(found) || !areAny) };
  });
  const tuned = tuningOf(tune, fileTuningStore());
  return ComparisonSet.open(device, given, { precision, ...tuned, ...defined({ classNames, variants }) });
}

function headerOf(
  comparison: ComparisonSet,
  files: readonly string[],
  { boundaryWidth, meaning }: ComparisonRequest,
): RunHeader {
  const groups = groupHeaders(comparison, files);
  const [first] = comparison.groups;
  const resize = groups || first?.resize === "none" ? undefined : first?.resize;
  return {
    format: groups ? SET_FORMAT : FORMAT,
    variants: comparison.variants,
    ...defined({ groups }),
    classNames: comparison.classNames,
    boundaryWidth,
    weights: files.join(", "),
    adapter: adapterName(comparison.device),
    precision: comparison.precision,
    ...defined({ resize, labels: describeMeaning(meaning) }),
  };
}
