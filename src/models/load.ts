/**
 * From a checkpoint to a model that is ready for pictures. Both entries share this. They differ in how they open a
 * device, in the sources of weights and in the picture types that they accept.
 */
import { abortable } from "../base/abort.js";
import type { Abortable } from "../base/abort.js";
import { copiedArrays } from "../base/copied-arrays.js";
import { badOption } from "../base/errors.js";
import { checkOneOf } from "../base/options.js";
import type { Kinds } from "../base/options.js";
import { DEVICE_KIND } from "../gpu/device.js";
import type { Device } from "../gpu/device.js";
import type { VariantChoice } from "../kernel/choice.js";
import { TUNE_KIND, checkTune, tuningOf } from "../tuning/tune-option.js";
import type { TuneOption } from "../tuning/tune-option.js";
import type { TuningStore } from "../tuning/tuning-store.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { verified } from "../weights/default-checkpoint.js";
import { TORCHVISION_HEADS } from "../weights/heads.js";
import { recognise } from "../weights/names.js";
import { openCheckpoint } from "../weights/open.js";
import type { ByteSource } from "../weights/source.js";
import { assemble } from "./assemble.js";
import type { HeadChoice } from "./assemble.js";
import { FCN_VARIANTS } from "./fcn-head.js";
import { PRECISIONS } from "./precision.js";
import type { PrecisionOption } from "./precision.js";
import type { Preprocessing, Resize } from "./preprocessing.js";
import { checkRecovery } from "./runtime.js";
import type { Recovery } from "./runtime.js";
import { Fcn } from "./segmenter.js";
import type { HoldImage } from "./picture-call.js";

/** The three networks of the FCN paper, and torchvision's over each backbone. */
export const VARIANTS = [...FCN_VARIANTS, ...TORCHVISION_HEADS] as const;
/** A network that loadFcn() loads. */
export type NetworkVariant = (typeof VARIANTS)[number];

/** Which network, how pictures are prepared for it, and how it runs. */
export interface LoadOptions {
  /** Which network. Default: the finest for which the checkpoint has a head, "fcn8s" for `photos` and `icons`. */
  readonly variant?: NetworkVariant;
  /**
   * What happens when the checkpoint has no head for `variant`. "file" (default): an error. "init": the network gets an
   * untrained head, whose labels mean nothing; `fcn.notice` says so. It has as many classes as `classNames`, or PASCAL
   * VOC's 21.
   */
  readonly heads?: "file" | "init";
  /**
   * Whether an FCN-16s or FCN-8s over VGG-16 was trained at once, as pytorch-fcn's FCN8sAtOnce: it scales pool4 by 0.01
   * and pool3 by 0.0001 before they are projected. The file does not tell. Default false.
   */
  readonly atOnce?: boolean;
  /**
   * Pixels of a picture's shorter side as the network sees it, or "none" for the picture's own size. Default: as the
   * weights were trained: 384 for `photos`, 520 for torchvision's networks, what the checkpoint's metadata say
   * (`resize`), else "none". Labels have the picture's size in any case.
   */
  readonly resize?: Resize;
  /**
   * Which of several networks in the file: the keys that lead to its dictionary, joined by dots ("ema.model"), or what
   * the names of its tensors begin with ("teacher"). Default: the only one.
   */
  readonly stateDict?: string;
  /** SHA-256 (hex) that the weights must have. The default checkpoint is always checked. */
  readonly sha256?: string;
  /** A device to share, which stays yours. Without it the model opens one and closes it. */
  readonly device?: Device;
  /**
   * What happens after the device was lost. "manual" (default): calls reject with device-lost until you call
   * `fcn.recover()`. "auto": the next call opens a new device by itself. Calls in flight reject in either case.
   */
  readonly recover?: Recovery;
  /** Mean and standard deviation with which the weights were trained. Default: ImageNet's, Caffe's for VGG-16. */
  readonly preprocessing?: Preprocessing;
  /**
   * Names of the classes. Default: those in the checkpoint's metadata (`classes`), else PASCAL VOC's for 21 classes,
   * else "class 0" and so on.
   */
  readonly classNames?: readonly string[];
  /** Plans that are kept, one for each picture size and kind of output (default 4). */
  readonly maxPlans?: number;
  /**
   * Cuts every picture into bands of about so many rows, as the network sees it, whether it fits the device or not.
   * Labels stay the same, bit for bit (docs/large-pictures.md). Default: only pictures that do not fit are cut, and on
   * software adapters those of 2^23 pixels (2^22 on SwiftShader) or with a side of 8,192, as the network sees them,
   * which are slow uncut.
   */
  readonly tile?: number;
  /** Kernel variants by kernel name, instead of the default choice: `{ conv2d: "naive" }`. */
  readonly kernels?: VariantChoice;
  /**
   * How activations and weights are stored between kernels. "f16" halves their memory; sums and logits are f32 in
   * either case. Its labels differ from those of "f32" in about one pixel of 1,000 on the shipped photographs. Software
   * adapters have no fast kernels for f16 and are slower with it. "auto" is f16 only where there are tensor cores.
   * Default "f32".
   */
  readonly precision?: PrecisionOption;
  /**
   * Kernel variants are chosen by estimates, which takes no time. True: the likeliest are also measured on this device,
   * for 2 seconds at most; a number is a limit in milliseconds. The fastest are remembered in ~/.cache/fcn-webgpu or in
   * the browser's storage, and later loads use them without measuring. False: what is remembered is not used either.
   * Software adapters have no choice to measure.
   */
  readonly tune?: TuneOption;
}

export const LOAD_KINDS: Kinds<LoadOptions> = {
  variant: "a string",
  heads: "a string",
  atOnce: "a boolean",
  resize: "a number or string",
  stateDict: "a string",
  sha256: "a string",
  device: DEVICE_KIND,
  recover: "a string",
  preprocessing: "an object",
  classNames: "an array",
  maxPlans: "a number",
  tile: "a number",
  kernels: "an object",
  precision: "a string",
  tune: TUNE_KIND,
};

/** What the two entries do differently. */
export interface LoadSources<Image> {
  readonly openSource: () => Promise<ByteSource>;
  readonly openDevice: () => Promise<Device>;
  readonly holdImage: HoldImage<Image>;
  readonly tuning: TuningStore;
}

/**
 * Opens a checkpoint of any container and naming scheme as a network. Options are checked before anything is opened.
 * When something fails or `signal` is aborted, everything that was opened is closed.
 */
export function loadFrom<Image>(sources: LoadSources<Image>, options: LoadOptions & Abortable): Promise<Fcn<Image>> {
  return loadOpened(sources, options, () => openWeights(sources, options));
}

/** A checkpoint from the sources. @throws bad-weights, bad-option for a sha256 of another form */
export async function openWeights(
  { openSource }: Pick<LoadSources<never>, "openSource">,
  { sha256, stateDict }: Pick<LoadOptions, "sha256" | "stateDict">,
): Promise<Checkpoint> {
  if (sha256 !== undefined && !/^[\da-f]{64}$/i.test(sha256))
    throw badOption(`sha256 needs 64 hexadecimal digits, got ${sha256}`);
  const source = await openSource();
  const trusted = sha256 === undefined ? source : await verified(source, sha256);
  return openCheckpoint(trusted, { stateDict });
}

/** Options of loadFcn, or heads in memory. */
type OpenedOptions = Omit<LoadOptions, "heads"> & Pick<HeadChoice, "heads" | "alignCorners"> & Abortable;

/** As loadFrom(), for the checkpoint that `open` gives. It is closed with the model. */
export function loadOpened<Image>(
  sources: Omit<LoadSources<Image>, "openSource">,
  options: OpenedOptions,
  open: () => Promise<Checkpoint>,
): Promise<Fcn<Image>> {
  const { classNames, preprocessing, kernels } = options;
  const held = { ...options, ...copiedArrays({ classNames, preprocessing, kernels }) } as OpenedOptions;
  return abortable(load(sources, held, open), options.signal, (late) => late.dispose());
}

async function load<Image>(
  { openDevice, holdImage, tuning }: Omit<LoadSources<Image>, "openSource">,
  { signal, ...options }: OpenedOptions,
  open: () => Promise<Checkpoint>,
): Promise<Fcn<Image>> {
  signal?.throwIfAborted();
  checkValues(options);
  const { device: shared, tune } = options;
  const checkpoint = await open();
  let device: Device | undefined;
  try {
    const { assembled, replaceHeads } = await assemble(recognise(checkpoint), options);
    signal?.throwIfAborted();
    device = shared ?? (await openDevice());
    device.assertUsable(); // it may be gone since the weights were asked for
    return new Fcn({
      ...options,
      ...assembled,
      ...tuningOf(tune, tuning),
      device,
      openDevice: shared ? undefined : openDevice,
      holdImage,
      replaceHeads,
      onDispose: () => void checkpoint.close(),
    });
  } catch (error) {
    await checkpoint.close();
    if (!shared) device?.dispose();
    throw error;
  }
}

function checkValues({ variant, heads, precision, recover = "manual", device, tune }: OpenedOptions): void {
  checkTune(tune);
  device?.assertUsable();
  checkRecovery(recover, device === undefined);
  checkOneOf("precision", precision, PRECISIONS);
  checkOneOf("variant", variant, VARIANTS);
  if (typeof heads !== "object") checkOneOf("heads", heads, ["file", "init"]);
}
