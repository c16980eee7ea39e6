/** Which networks `fcn bench models` measures: every variant of every checkpoint at every size and precision. */
import type { ModelTask } from "../../bench/model-row.js";
import { isSynthetic, syntheticCheckpoint } from "../../bench/synthetic.js";
import { defined } from "../base/defined.js";
import { FCN_VARIANTS } from "../models/fcn-head.js";
import { VARIANTS } from "../models/load.js";
import { PRECISIONS } from "../models/precision.js";
import type { PrecisionOption } from "../models/precision.js";
import type { NetworkVariant } from "../node.js";
import { namedWeights } from "../weights/catalogue.js";
import type { BenchValues } from "./bench-options.js";
import { UsageError, listOf, oneOf } from "./command.js";
import { checkWeights, pathOfNamed } from "./files.js";
import { printNote } from "./output.js";

/** The name that stands for the checkpoint that ships. */
const DEFAULT_WEIGHTS = "default";
const MAX_SIDE = 16384;
const MAX_BATCH = 64;

function wholeNumber(option: string, text: string, most: number): number {
  const value = Number(text);
  if (!/^[1-9]\d*$/.test(text) || value > most)
    throw new UsageError(`bench: --${option} ${text} is not a whole number from 1 to ${most}`);
  return value;
}

/** "224" or "640x480". */
function parseSize(text: string): { width: number; height: number } {
  const [width = "", height = width, extra] = text.split("x");
  if (!width || !height || extra !== undefined)
    throw new UsageError(`bench: --sizes ${text} is neither N nor WIDTHxHEIGHT`);
  return { width: wholeNumber("sizes", width, MAX_SIDE), height: wholeNumber("sizes", height, MAX_SIDE) };
}

/** The network of weights named "torchvision/fcn_resnet50"; undefined for others. */
const dilatedOf = (weights: string): NetworkVariant | undefined =>
  VARIANTS.find((variant) => weights === `torchvision/${variant.replace("-", "_")}`);

/** Networks that weights of this name have heads for. A file is not read: it gets those asked for, or the paper's. */
function variantsFor(weights: string, asked: readonly NetworkVariant[] | undefined): readonly NetworkVariant[] {
  const dilated = weights === "synthetic-torchvision" ? "fcn-resnet101" : dilatedOf(weights);
  const own: readonly NetworkVariant[] = dilated === undefined ? FCN_VARIANTS : [dilated];
  if (asked === undefined) return own;
  const ships = weights === DEFAULT_WEIGHTS || namedWeights(weights)?.sha256 !== undefined;
  const isKnown = ships || dilated !== undefined || isSynthetic(weights);
  return isKnown ? asked.filter((variant) => own.includes(variant)) : asked;
}

/** Undefined for the checkpoint that ships. */
async function checkpointPath(weights: string): Promise<string | undefined> {
  if (weights === DEFAULT_WEIGHTS) return undefined;
  const named = namedWeights(weights);
  if (named) return pathOfNamed(named); // downloaded now, so that the time to load it is that of the file
  if (isSynthetic(weights)) {
    printNote(`Weights: ${weights}, generated once and kept in the cache folder.`);
    return syntheticCheckpoint(weights);
  }
  return weights;
}

/** What to measure, as the options say. */
export interface ModelRequest extends Pick<ModelTask, "batch" | "tune" | "adapter"> {
  /** Undefined for those that the weights have heads for. */
  readonly asked: readonly NetworkVariant[] | undefined;
  readonly weights: readonly string[];
  readonly precisions: readonly PrecisionOption[];
  readonly sizes: readonly { readonly width: number; readonly height: number }[];
}

/** Looks at the options, before anything is made or measured. @throws UsageError */
export async function modelRequestOf(values: BenchValues): Promise<ModelRequest> {
  const asked =
    values.variants === undefined
      ? undefined
      : listOf(values.variants).map((v) => oneOf("bench", "variants", v, VARIANTS));
  const precisions = listOf(values.precision).map((p) => oneOf("bench", "precision", p, PRECISIONS));
  const batch = wholeNumber("batch", values.batch, MAX_BATCH);
  const sizes = listOf(values.sizes).map(parseSize);
  // Other weights of the list may have the variants.
  const weights = listOf(values.weights).filter((name) => variantsFor(name, asked).length > 0);
  if (!weights.length) {
    const missing = asked?.join(" and no ") ?? "network";
    throw new UsageError(
      `bench: --weights ${values.weights} has no ${missing}; ` +
        "fcn-resnet101 is in synthetic-torchvision, the others in default and synthetic",
    );
  }
  for (const name of weights) if (name !== DEFAULT_WEIGHTS && !isSynthetic(name)) await checkWeights("bench", name);
  return { asked, weights, precisions, sizes, batch, tune: values.tune, ...defined({ adapter: values.adapter }) };
}

/** May download weights or write a generated checkpoint, which takes seconds. */
export async function modelTasks({
  asked,
  weights: all,
  precisions,
  sizes,
  ...same
}: ModelRequest): Promise<ModelTask[]> {
  const tasks: ModelTask[] = [];
  for (const weights of all) {
    const path = await checkpointPath(weights);
    const common = { ...same, weights, ...defined({ path }) };
    const variants = variantsFor(weights, asked);
    for (const variant of variants) {
      for (const size of sizes) {
        for (const precision of precisions) tasks.push({ ...common, variant, precision, ...size });
      }
    }
  }
  return tasks;
}
