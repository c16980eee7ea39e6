/** From options to a trainer. */
import { badOption } from "../base/errors.js";
import { checkCount, checkKind, checkOneOf, checkOptions, describeValue, typeName } from "../base/options.js";
import type { Kinds } from "../base/options.js";
import { DEVICE_KIND, checkDevice } from "../gpu/device.js";
import type { Device } from "../gpu/device.js";
import type { Weight } from "../kernel/weight.js";
import { checkNames } from "../image/label-checks.js";
import { FCN_VARIANTS } from "../models/fcn-head.js";
import type { FcnVariant } from "../models/fcn-head.js";
import { checkPreprocessing, checkResize } from "../models/preprocessing.js";
import type { Preprocessing, Resize } from "../models/preprocessing.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { openGivenCheckpoint } from "../weights/given.js";
import type { ByteSource } from "../weights/source.js";
import { MemoryFeatures } from "./feature-cache.js";
import type { FeatureStore } from "./feature-cache.js";
import { Learner } from "./learner.js";
import type { StageOrigin } from "./learner.js";
import { optimizerOf } from "./optimizer.js";
import type { Optimizer, OptimizerOptions } from "./optimizer.js";
import type { AugmentOptions } from "./sample.js";
import { checkSchedule } from "./schedule.js";
import type { ScheduleOptions } from "./schedule.js";
import { isBias } from "./step-graph.js";
import { Teaching, checkTeacher } from "./teacher.js";
import type { Teacher } from "./teacher.js";
import { largestOf, tooLargeToTrain } from "./too-large.js";
import { Trainer } from "./trainer.js";
import type { TrainingListener } from "./training-events.js";
import { checkStore, checkTrainedFile, checkWhole } from "./training-arguments.js";
import { TrainingSession } from "./training-session.js";
import { channelUnits } from "./units.js";
import type { UnitOf } from "./units.js";

/** What is trained, from which weights, and how. */
export interface TrainerOptions {
  /** Where training runs. It stays the caller's. */
  readonly device: Device;
  /** What openSource() gives, or an open checkpoint: a network or a backbone. It must stay open while training. */
  readonly backbone: ByteSource | Checkpoint;
  /** Default "fcn8s". */
  readonly variant?: FcnVariant;
  /** Names of the classes, or how many there are: 2 to 255. Class 0 is usually the background. */
  readonly classes: readonly string[] | number;
  /** "heads" (default): the backbone stays as it is. "all": its convolutions learn too, with frozen batch norms. */
  readonly mode?: "heads" | "all";
  /** "init" (default): new heads; skip scores start at zero. "file": goes on with those of the checkpoint. */
  readonly heads?: "init" | "file";
  /**
   * Of mode "all". "channel" (default): steps are counted in units of each channel, because channels into which a batch
   * norm is folded differ a hundredfold in size. "none": one rate for all.
   */
  readonly units?: "channel" | "none";
  /** Default AdamW. */
  readonly optimizer?: OptimizerOptions;
  /** Default 2e-3 for heads, 1.5e-4 for all. */
  readonly rate?: number;
  /** Default: the rate stays as it is. */
  readonly schedule?: ScheduleOptions;
  /** "mean" (default) over the labelled pixels of a batch, or their "sum", as in the paper. */
  readonly loss?: "mean" | "sum";
  /**
   * Gives the targets of pictures, which then need no labels: a network of the same classes, or a function from a
   * picture to probabilities.
   */
  readonly teacher?: Teacher;
  /**
   * Where the teacher's targets are kept, a map for each variation of a picture: of 21 classes and 384 x 512 pixels
   * 0.05 to 0.5 MB. It may be the store of `features`. Default: 256 MB of memory.
   */
  readonly softTargets?: FeatureStore;
  /** What the loss of each class is multiplied by. */
  readonly classWeights?: readonly number[];
  /** Default: pictures are not varied. */
  readonly augment?: AugmentOptions;
  /** Of the variations. Default 0. */
  readonly seed?: number;
  /** Whether new heads are aligned by corners (docs/how-fcns-work.md). Default true. */
  readonly alignCorners?: boolean;
  /** Shorter side of the pictures as the network sees them. Default: as the checkpoint was trained, else "none". */
  readonly resize?: Resize;
  /** Default: as the checkpoint was trained. A checkpoint does not hold it: give it to loadFcn() too. */
  readonly preprocessing?: Preprocessing;
  /** Where features of frozen backbones are kept. Default: 512 MB of memory. */
  readonly features?: FeatureStore;
  /** The variant whose features are made, where a finer one is trained afterwards. Default: the trained variant. */
  readonly featuresFor?: FcnVariant;
  /** Pictures that go through the network at once; a larger batch is taken in pieces. Default 4. */
  readonly maxPiece?: number;
  /** Called after each step and each evaluation. What it throws, the call that caused it throws. */
  readonly onEvent?: TrainingListener;
}

const KINDS: Kinds<TrainerOptions> = {
  device: DEVICE_KIND,
  backbone: "an object",
  variant: "a string",
  classes: "an array or number",
  mode: "a string",
  heads: "a string",
  units: "a string",
  optimizer: "an object",
  rate: "a number",
  schedule: "an object",
  loss: "a string",
  teacher: "a function or an object",
  softTargets: "an object",
  classWeights: "an array",
  augment: "an object",
  seed: "a number",
  alignCorners: "a boolean",
  resize: "a number or string",
  preprocessing: "an object",
  features: "an object",
  featuresFor: "a string",
  maxPiece: "a number",
  onEvent: "a function",
};

const USAGE = 'createTrainer({ device, backbone: await openSource("photos"), classes: ["background", "leaf"] })';
const CACHE_BYTES = 512e6;
const TARGET_BYTES = 256e6;
/** Of AdamW. */
export const USUAL_RATES = { heads: 2e-3, all: 1.5e-4 } as const;

/**
 * Makes a trainer of an FCN over a backbone: of its heads alone, or with `mode: "all"` of the whole network.
 * @throws bad-option, bad-weights, limit-too-small, out-of-memory, device-lost, disposed
 * @example
 * import { createFcn, openSource, readPicture, requestDevice } from "fcn-webgpu/node";
 * import { createTrainer } from "fcn-webgpu/train";
 *
 * const device = await requestDevice();
 * const classes = ["background", "cat"];
 * const trainer = await createTrainer({ device, backbone: await openSource("photos"), classes, variant: "fcn32s" });
 * const picture = await readPicture("samples/photographs/chelsea.png");
 * const labels = new Uint8Array(picture.width * picture.height).fill(1); // from an annotator
 * for (let i = 0; i < 10; i++) await trainer.step([{ sample: { name: "chelsea", picture, labels } }]);
 * const fcn = await createFcn({ device, backbone: "photos", heads: await trainer.heads(), classNames: classes });
 * console.log((await fcn.segment(picture)).names.join()); // prints cat
 * device.dispose();
 */
export async function createTrainer(options: TrainerOptions): Promise<Trainer> {
  return createTrainerFrom(options);
}

/** As createTrainer(), from a stage of a training. */
export async function createTrainerFrom(options: TrainerOptions, origin?: StageOrigin): Promise<Trainer> {
  checkTrainerOptions(options);
  const { device, mode = "heads", rate = USUAL_RATES[mode], schedule, loss = "mean", augment = {}, seed = 0 } = options;
  const {
    variant = "fcn8s",
    heads = "init",
    alignCorners = true,
    maxPiece = 4,
    resize,
    preprocessing,
    units = "channel",
  } = options;
  const optimizer = optimizerOf(options.optimizer ?? { kind: "adamw" });
  const file = "tensors" in options.backbone ? options.backbone : await openGivenCheckpoint(options.backbone);
  const own = { variant, classes: options.classes, heads, mode, alignCorners, resize, preprocessing };
  const learner = await Learner.create(file, own, origin);
  const { teacher } = options;
  if (teacher) checkTeacher(teacher, learner.classNames.length);
  const classWeights = options.classWeights && checkedWeights(options.classWeights, learner.classNames.length);
  const trained = learner.trained(mode);
  const session = await TrainingSession.create(device, {
    trained,
    optimizer,
    ...(mode === "all" && units === "channel" && { unitOf: unitsOf(learner, trained, optimizer) }),
    targets: teacher ? "probabilities" : "labels",
    classWeights,
    rateScale: (parameter) => (isBias(parameter) ? (optimizer.settings["biasRate"] ?? 1) : 1),
  }).catch((error: unknown) => {
    throw tooLargeToTrain(error, { mode, isOfHead: learner.hasInHead(largestOf(trained)) });
  });
  const features = options.features ?? new MemoryFeatures(CACHE_BYTES);
  const { backbone } = options;
  const parts = { device, learner, backbone, session, mode, rate, schedule, loss, classWeights, augment, seed };
  const store = options.softTargets ?? new MemoryFeatures(TARGET_BYTES);
  const teaching = teacher && new Teaching({ teacher, classes: learner.classNames.length, store });
  return new Trainer({
    ...parts,
    features,
    featuresFor: options.featuresFor,
    teaching,
    maxPiece,
    onEvent: options.onEvent,
  });
}

const unitsOf = (learner: Learner, weights: readonly Weight[], { kind }: Optimizer): UnitOf =>
  channelUnits({ optimizer: kind, weights, factors: learner.origin.factors, isNew: (name) => learner.isNew(name) });

/** @throws bad-option */
function checkTrainerOptions(options: TrainerOptions): void {
  checkOptions(USAGE, options, KINDS);
  const { device, backbone, classes, variant, mode, heads, rate, schedule, loss, augment, units } = options;
  if (typeName(backbone) !== "Object" || classes === undefined)
    throw badOption(`createTrainer needs a device, a backbone and classes: ${USAGE}`);
  checkTrainedFile("createTrainer: backbone", backbone);
  checkDevice("createTrainer", device);
  if (typeof options.classes !== "number") checkNames("createTrainer", options.classes);
  checkWhole("seed", options.seed ?? 0);
  checkStore("features", options.features);
  checkStore("softTargets", options.softTargets);
  checkOneOf("variant", variant, FCN_VARIANTS);
  checkOneOf("featuresFor", options.featuresFor, FCN_VARIANTS);
  checkOneOf("mode", mode, ["heads", "all"]);
  checkOneOf("heads", heads, ["init", "file"]);
  checkOneOf("units", units, ["channel", "none"]);
  if (units !== undefined && mode !== "all")
    throw badOption('units are for mode "all": heads have no folded batch norms; leave them out');
  if (options.softTargets && !options.teacher)
    throw badOption("softTargets keeps what a teacher says; give a teacher too, or leave it out");
  checkOneOf("loss", loss, ["mean", "sum"]);
  if (rate !== undefined && !(rate > 0 && rate < Infinity))
    throw badOption(`rate ${describeValue(rate)} must be a number above 0`);
  if (schedule) checkSchedule(schedule);
  if (augment) checkAugment(augment);
  if (options.maxPiece !== undefined) checkCount("maxPiece", options.maxPiece);
  if (options.resize !== undefined) checkResize(options.resize);
  if (options.preprocessing) checkPreprocessing(options.preprocessing);
}

/** @throws bad-option */
function checkAugment(augment: AugmentOptions): void {
  checkOptions("createTrainer({ augment: { variations } })", augment, {
    variations: "a number",
    flip: "a boolean",
    zoom: "a number",
  });
  const { variations = 1, zoom = 1 } = augment;
  checkCount("augment.variations", variations);
  if (!(zoom >= 1 && zoom <= 16)) throw badOption(`augment.zoom ${describeValue(zoom)} must be a number from 1 to 16`);
}

/** @throws bad-option */
function checkedWeights(weights: readonly number[], classes: number): Float32Array {
  checkKind("classWeights", weights, "an array");
  const isRight = (value: unknown): boolean => typeof value === "number" && value >= 0 && value < Infinity;
  if (weights.length !== classes || !weights.every(isRight))
    throw badOption(`classWeights must be ${classes} numbers of 0 or more, one for each class, got ${weights.length}`);
  if (weights.every((weight) => weight === 0))
    throw badOption("classWeights are all 0, so that nothing would be learnt; give one class a number above 0");
  return Float32Array.from(weights);
}
