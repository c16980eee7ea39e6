/**
 * From a checkpoint to a model that is ready for pictures. Shared by the browser and the Node entry, which differ in how they
 * open a device and what they take as a source of weights.
 */
import type { Device } from "../device.js";
import { FcnError } from "../errors.js";
import type { VariantChoice } from "../lower.js";
import { openCheckpoint } from "../weights/open.js";
import { verified } from "../weights/default-checkpoint.js";
import { Parameters } from "../weights/parameters.js";
import type { ByteSource } from "../weights/source.js";
import { FCN_VARIANTS, fcnNetwork } from "./fcn.js";
import type { FcnVariant } from "./fcn.js";
import { Fcn } from "./segmenter.js";
import type { Preprocessing, ReadImage } from "./segmenter.js";

export interface LoadOptions {
  /** Which network: strides 32, 16 or 8 fused. Default "fcn8s", the finest. */
  readonly variant?: FcnVariant;
  /** SHA-256 (hex) that the weights must have; the default checkpoint is always checked. */
  readonly sha256?: string;
  /** A device to share; without one, one is opened and closed with the model. */
  readonly device?: Device;
  readonly preprocessing?: Preprocessing;
  /** Names of the classes, when the checkpoint was trained for others than PASCAL VOC's 21. */
  readonly classNames?: readonly string[];
  /** Picture sizes whose plans are kept (default 4). */
  readonly maxPlans?: number;
  /** Kernel variants by kernel name, instead of the default choice: `{ conv2d: "naive" }`. */
  readonly kernels?: VariantChoice;
}

export async function loadFrom<Image>(
  source: ByteSource,
  options: LoadOptions,
  readImage: ReadImage<Image>,
  openDevice: () => Promise<Device>,
): Promise<Fcn<Image>> {
  const { variant = "fcn8s", sha256, device: shared, ...rest } = options;
  if (!FCN_VARIANTS.includes(variant)) {
    await source.close();
    throw new FcnError("bad-option", `variant "${String(variant)}" is not one of ${FCN_VARIANTS.join(", ")}`);
  }
  const checkpoint = await openCheckpoint(sha256 === undefined ? source : await verified(source, sha256));
  let device: Device | undefined;
  try {
    const network = fcnNetwork(Parameters.of(checkpoint), variant);
    device = shared ?? (await openDevice());
    const owned = device;
    const onDispose = (): void => {
      void checkpoint.close();
      if (!shared) owned.dispose();
    };
    return new Fcn({ device, network, readImage, onDispose, ...rest });
  } catch (error) {
    await checkpoint.close();
    if (!shared) device?.dispose();
    throw error;
  }
}
