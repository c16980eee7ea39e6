/** What the command line of `fcn train` may say, and what of it shapes the weights. */
import type { LabelMeaning } from "../image/label-meaning.js";
import { FCN_VARIANTS } from "../models/fcn-head.js";
import type { FcnVariant } from "../models/fcn-head.js";
import { USUAL_RATES } from "../train/create-trainer.js";
import type { OptimizerOptions } from "../train/optimizer.js";
import { SCHEDULE_KINDS } from "../train/schedule.js";
import type { ScheduleOptions } from "../train/schedule.js";
import { WEIGHTS_NAMES } from "../weights/catalogue.js";
import { UsageError, oneOf } from "./command.js";
import { labelMeaningOf } from "./label-options.js";
import { numberOption } from "./train-numbers.js";
import type { TRAIN_OPTIONS } from "./train-usage.js";
import type { Parsed } from "./command.js";

export type TrainValues = Parsed<typeof TRAIN_OPTIONS>["values"];

/** All that the bytes of the weights depend on, besides the pictures and the checkpoint. In the header of log.jsonl. */
export interface TrainSettings {
  /** Trained one after the other, each from the one before. */
  readonly variants: readonly FcnVariant[];
  readonly mode: "heads" | "all";
  readonly heads: "init" | "file";
  /** Of each variant; undefined for the default, which depends on the number of pictures. */
  readonly epochs: number | undefined;
  /** Pictures of a step. */
  readonly batch: number;
  readonly rate: number;
  readonly optimizer: OptimizerOptions;
  readonly schedule: ScheduleOptions["kind"];
  /** Steps in which the rate rises; undefined for a share of the steps where all learn. */
  readonly warmup: number | undefined;
  readonly loss: "mean" | "sum";
  /** Views of each picture; undefined where all learn: one an epoch. */
  readonly variations: number | undefined;
  readonly seed: number;
  /** Undefined: as the checkpoint was trained. */
  readonly resize: number | "none" | undefined;
  /** Share of the pictures that is held out; undefined for the default. */
  readonly holdOut: number | undefined;
}

export type OutMode = "new" | "resume" | "fresh";

export interface TrainRequest {
  readonly settings: TrainSettings;
  readonly meaning: LabelMeaning;
  readonly outMode: OutMode;
  /** Seconds between writes of the state within an epoch. */
  readonly saveEvery: number;
  /** Bytes of features that are kept. */
  readonly cacheBytes: number;
}

const SGD_RATES = { heads: 0.1, all: 0.01 } as const;
/** Epochs without --epochs, or as many as these steps take: small sets need more passes. */
const EPOCHS = 20;
const LEAST_STEPS = 400;
const BATCH = 4;
/** With a frozen backbone each view costs one pass through it, and room for its features. */
const HEADS_VARIATIONS = 4;
const CACHE_MB = 512;
const SAVE_EVERY_SECONDS = 60;

/** What a number of the command line may be. */
const ANY = { least: 0 } as const;
const COUNT = { least: 1, whole: true } as const;
/** As for the other commands: no device holds pictures beyond it. */
const SIDE = { ...COUNT, below: 100_000 } as const;

function optimizerOptions(values: TrainValues): OptimizerOptions {
  const kind = oneOf("train", "optimizer", values.optimizer, ["sgd", "adamw"]);
  const decay = numberOption("weight-decay", values["weight-decay"], ANY);
  const biasRate = numberOption("bias-rate", values["bias-rate"], ANY);
  const momentum = numberOption("momentum", values.momentum, { least: 0, below: 1 });
  const shared = {
    ...(decay === undefined ? {} : { weightDecay: decay }),
    ...(biasRate === undefined ? {} : { biasRate }),
  };
  if (kind === "sgd") return { kind, ...shared, ...(momentum === undefined ? {} : { momentum }) };
  if (momentum !== undefined) throw new UsageError("train: --momentum is of --optimizer sgd; AdamW has none");
  return { kind, ...shared };
}

function variantsOf({ variant, stages }: TrainValues): FcnVariant[] {
  const last = oneOf("train", "variant", variant, FCN_VARIANTS);
  return stages ? FCN_VARIANTS.slice(0, FCN_VARIANTS.indexOf(last) + 1) : [last];
}

function rateOf(values: TrainValues, mode: "heads" | "all"): number {
  const rate = numberOption("lr", values.lr, { least: 0 });
  if (rate === 0) throw new UsageError("train: --lr 0 would learn nothing; give a number above 0");
  if (rate !== undefined) return rate;
  if (values.optimizer !== "sgd") return USUAL_RATES[mode];
  if (values.loss === "sum")
    throw new UsageError("train: --loss sum with --optimizer sgd has no usual rate; give --lr (the paper has 1e-10)");
  return SGD_RATES[mode];
}

function resizeOf(text: string | undefined): number | "none" | undefined {
  return text === "none" ? text : numberOption("resize", text, SIDE);
}

function outModeOf({ resume, fresh }: TrainValues): OutMode {
  if (resume && fresh)
    throw new UsageError("train: --resume goes on with what is in --out, --fresh begins anew; give one");
  if (fresh) return "fresh";
  return resume ? "resume" : "new";
}

/** @throws UsageError */
function settingsOf(values: TrainValues): TrainSettings {
  const mode = oneOf("train", "mode", values.mode, ["heads", "all"]);
  const heads = oneOf("train", "heads", values.heads, ["init", "file"]);
  if (heads === "file" && values.stages)
    throw new UsageError("train: --stages begins with a new head of stride 32; leave out --heads file");
  return {
    variants: variantsOf(values),
    mode,
    heads,
    epochs: numberOption("epochs", values.epochs, COUNT),
    batch: numberOption("batch", values.batch, COUNT) ?? BATCH,
    rate: rateOf(values, mode),
    optimizer: optimizerOptions(values),
    schedule: oneOf("train", "schedule", values.schedule, SCHEDULE_KINDS),
    warmup: numberOption("warmup", values.warmup, { least: 0, whole: true }),
    loss: oneOf("train", "loss", values.loss, ["mean", "sum"]),
    variations: numberOption("variations", values.variations, COUNT) ?? (mode === "all" ? undefined : HEADS_VARIATIONS),
    seed: numberOption("seed", values.seed, { least: 0, whole: true }) ?? 0,
    resize: resizeOf(values.resize),
    holdOut: numberOption("hold-out", values["hold-out"], { least: 0, below: 1 }),
  };
}

/** Settings whose defaults depend on the steps of an epoch are filled in. */
export interface FullSettings extends TrainSettings {
  readonly epochs: number;
  readonly variations: number;
  readonly warmup: number;
}

/** Where all learn, the rate rises over this share of the steps, but not longer than so many. */
const WARMUP_SHARE = 0.1;
const MOST_WARMUP = 100;

export function fullSettings(settings: TrainSettings, pictures: number): FullSettings {
  const perEpoch = Math.ceil(pictures / settings.batch);
  const epochs = settings.epochs ?? Math.max(EPOCHS, Math.ceil(LEAST_STEPS / perEpoch));
  const rising = settings.mode === "all" ? Math.min(MOST_WARMUP, Math.floor(epochs * perEpoch * WARMUP_SHARE)) : 0;
  return { ...settings, epochs, variations: settings.variations ?? epochs, warmup: settings.warmup ?? rising };
}

/** The options of a training, checked. @throws UsageError */
export function trainRequestOf(values: TrainValues): TrainRequest {
  return {
    settings: settingsOf(values),
    // 255 does not count, as everywhere in training, unless --void or --map says otherwise.
    meaning: labelMeaningOf({ void: values.void, map: values.map, voc: "" }, "train"),
    outMode: outModeOf(values),
    saveEvery: numberOption("save-every", values["save-every"], ANY) ?? SAVE_EVERY_SECONDS,
    cacheBytes: (numberOption("cache", values.cache, COUNT) ?? CACHE_MB) * 1e6,
  };
}

/** The words that options take. */
export const TRAIN_CHOICES = {
  variant: FCN_VARIANTS,
  mode: ["heads", "all"],
  heads: ["init", "file"],
  optimizer: ["sgd", "adamw"],
  schedule: SCHEDULE_KINDS,
  loss: ["mean", "sum"],
  weights: WEIGHTS_NAMES,
  teacher: WEIGHTS_NAMES,
} as const;
