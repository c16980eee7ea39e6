/**
 * From a checkpoint to a model that is ready for pictures. Shared by the browser and the Node entry, which differ in how they
 * open a device and what they take as a source of weights.
 */
import { abortable } from "../base/abort.js";
import type { Abortable } from "../base/abort.js";
import { FcnError } from "../base/errors.js";
import { checkOneOf } from "../base/options.js";
import type { Kinds } from "../base/options.js";
import type { Device } from "../gpu/device.js";
import { VOC_CLASSES } from "../image/palette.js";
import type { VariantChoice } from "../kernel/choice.js";
import type { TuningStore } from "../tuning/tuner.js";
import { verified } from "../weights/default-checkpoint.js";
import { recognise } from "../weights/names.js";
import type { Recognised } from "../weights/names.js";
import { openCheckpoint } from "../weights/open.js";
import { Parameters } from "../weights/parameters.js";
import type { ByteSource } from "../weights/source.js";
import { FCN_VARIANTS, fcnNetwork } from "./fcn.js";
import { withInitialHead } from "./initial-heads.js";
import type { Network } from "./network.js";
import { PRECISIONS } from "./precision.js";
import type { PrecisionOption } from "./precision.js";
import type { Preprocessing, Resize } from "./preprocessing.js";
import { checkRecovery } from "./runtime.js";
import type { Recovery } from "./runtime.js";
import { Fcn } from "./segmenter.js";
import type { ReadImage } from "./segmenter.js";
import { TORCHVISION_VARIANT, torchvisionNetwork } from "./torchvision.js";

/** The three networks of the FCN paper, and torchvision's. */
export const VARIANTS = [...FCN_VARIANTS, TORCHVISION_VARIANT] as const;
export type NetworkVariant = (typeof VARIANTS)[number];

export interface LoadOptions {
  /** Which network. Default: the finest that the checkpoint has a head for, "fcn8s" for the one that ships. */
  readonly variant?: NetworkVariant;
  /**
   * "init" gives a backbone that comes without the head asked for an untrained one: its labels mean nothing, and `fcn.notice`
   * says so. It has as many classes as `classNames`, or PASCAL VOC's 21. Default "file": such a checkpoint is an error.
   */
  readonly heads?: "file" | "init";
  /**
   * Pixels of a picture's shorter side as the network sees it, or "none" for its own size. Default: as the weights were
   * trained, 520 for "fcn-resnet101" and "none" for the others. Labels have the picture's size in any case.
   */
  readonly resize?: Resize;
  /** SHA-256 (hex) that the weights must have; the default checkpoint is always checked. */
  readonly sha256?: string;
  /** A device to share; without one, one is opened and closed with the model. */
  readonly device?: Device;
  /**
   * What happens after the device was lost. "manual" (default): calls reject with device-lost until `fcn.recover()`. "auto": the
   * next call opens a new device by itself. What was in flight rejects in either case.
   */
  readonly recover?: Recovery;
  readonly preprocessing?: Preprocessing;
  /** Names of the classes, when the checkpoint was trained for others than PASCAL VOC's 21. */
  readonly classNames?: readonly string[];
  /** Picture sizes whose plans are kept (default 4). */
  readonly maxPlans?: number;
  /** Kernel variants by kernel name, instead of the default choice: `{ conv2d: "naive" }`. */
  readonly kernels?: VariantChoice;
  /**
   * How activations and weights are stored between kernels: "f16" halves their memory; sums are f32 in either case and so are
   * logits. Labels differ from f32's in about one pixel of 10,000 on the shipped pictures. On software adapters f16 is slower,
   * for they have no fast kernels for it; "auto" takes it only where there are tensor cores. Default "f32".
   */
  readonly precision?: PrecisionOption;
  /**
   * Whether kernel variants are chosen by measuring them once on this device (about a second on a GPU, when a size is first seen),
   * which is then remembered: in ~/.cache/fcn-webgpu, or the browser's storage. False: always the same, likely choice. Software
   * adapters have no choice to measure. Default true.
   */
  readonly tune?: boolean;
}

export const LOAD_KINDS: Kinds<LoadOptions> = {
  variant: "a string",
  heads: "a string",
  resize: "a number or string",
  sha256: "a string",
  device: "a Device of requestDevice()",
  recover: "a string",
  preprocessing: "an object",
  classNames: "an array",
  maxPlans: "a number",
  kernels: "an object",
  precision: "a string",
  tune: "a boolean",
};

/** The network asked for, from what was recognised. @throws bad-weights when the file has no such head and `heads` is not "init" */
function networkOf(
  found: Recognised,
  options: Pick<LoadOptions, "variant" | "heads" | "classNames">,
): { network: Network; notice?: string } {
  const { checkpoint, description, variants, width } = found;
  const { variant = variants[0] ?? "fcn8s", heads = "file", classNames } = options;
  const there = variants.includes(variant);
  if (!there && heads === "file") {
    const instead = variants.length ? `load it as ${variants.join(" or ")}, or ` : "";
    throw new FcnError(
      "bad-weights",
      `${checkpoint.name} is ${description}; it has no head for ${variant}: ${instead}give heads: "init" (--heads init) for an untrained one`,
    );
  }
  const weights = there
    ? checkpoint
    : withInitialHead(checkpoint, variant, found.classes ?? classNames?.length ?? VOC_CLASSES.length, width);
  const params = Parameters.of(weights);
  const network = variant === TORCHVISION_VARIANT ? torchvisionNetwork(params) : fcnNetwork(params, variant);
  if (there) return { network };
  return {
    network,
    notice: `the head of ${variant} is untrained, so its labels mean nothing: ${checkpoint.name} is ${description}`,
  };
}

function checkValues({ variant, heads, precision, recover = "manual", device }: LoadOptions): void {
  device?.assertUsable();
  checkRecovery(recover, device === undefined);
  checkOneOf("precision", precision, PRECISIONS);
  checkOneOf("variant", variant, VARIANTS);
  checkOneOf("heads", heads, ["file", "init"]);
}

/**
 * Opens a checkpoint of any container and naming scheme as a network. Options are checked before anything is opened, and all
 * that was opened is closed when something fails or `signal` is aborted.
 */
export function loadFrom<Image>(
  openSource: () => Promise<ByteSource>,
  options: LoadOptions & Abortable,
  readImage: ReadImage<Image>,
  openDevice: () => Promise<Device>,
  tuning: TuningStore,
): Promise<Fcn<Image>> {
  return abortable(load(openSource, options, readImage, openDevice, tuning), options.signal, (late) => late.dispose());
}

async function load<Image>(
  openSource: () => Promise<ByteSource>,
  { signal, ...options }: LoadOptions & Abortable,
  readImage: ReadImage<Image>,
  openDevice: () => Promise<Device>,
  tuning: TuningStore,
): Promise<Fcn<Image>> {
  signal?.throwIfAborted();
  checkValues(options);
  const { sha256, device: shared, tune = true } = options;
  const source = await openSource();
  const checkpoint = await openCheckpoint(sha256 === undefined ? source : await verified(source, sha256));
  let device: Device | undefined;
  try {
    const found = recognise(checkpoint);
    const { network, notice } = networkOf(found, options);
    signal?.throwIfAborted();
    device = shared ?? (await openDevice());
    const onDispose = (): void => void checkpoint.close();
    return new Fcn({
      ...options,
      tuning: tune ? tuning : undefined,
      device,
      openDevice: shared ? undefined : openDevice,
      network,
      readImage,
      onDispose,
      description: found.description,
      notice,
    });
  } catch (error) {
    await checkpoint.close();
    if (!shared) device?.dispose();
    throw error;
  }
}
