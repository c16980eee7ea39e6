/** Comparisons of pictures as pages hold them: pixels, files, URLs and what a canvas draws. */
import type { Device } from "../gpu/device.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { holdBrowserImage } from "./browser-image.js";
import type { BrowserPicture } from "./browser-image.js";
import { PictureComparisonSet, openSet } from "./comparison-set.js";
import type { ComparisonSetOptions } from "./comparison-set.js";
import { PictureComparison, loadBackbone } from "./comparison.js";
import type { ComparisonOptions } from "./comparison.js";
import type { ComparedCheckpoint, OpenGroup } from "./set-groups.js";

/** FCN-32s, 16s and 8s of one checkpoint side by side, over one backbone, or torchvision's network alone. */
export class Comparison extends PictureComparison<BrowserPicture> {
  /**
   * As the constructor, for a checkpoint of any backbone: what only some backbones need is loaded first.
   * @throws as the constructor
   */
  static async open(device: Device, checkpoint: Checkpoint, options: ComparisonOptions = {}): Promise<Comparison> {
    await loadBackbone(checkpoint);
    return new Comparison(device, checkpoint, options);
  }

  /**
   * For checkpoints of ResNets, and of other backbones once one was opened.
   * @throws bad-weights when the checkpoint lacks the backbone or one of the heads, or the heads differ in their
   * classes; bad-option
   */
  constructor(device: Device, checkpoint: Checkpoint, options: ComparisonOptions = {}) {
    super(device, checkpoint, options, holdBrowserImage);
  }
}

/** Networks of any checkpoints on the same pictures, in groups that share a backbone. */
export class ComparisonSet extends PictureComparisonSet<BrowserPicture> {
  /**
   * Takes checkpoints of any naming scheme; they stay the caller's. Networks share a backbone where its values are
   * equal and they see pictures alike. Values are compared here, until two differ. Names of classes are the caller's,
   * those of the checkpoints that have names, or the usual ones. Weights of all networks are on the device at once.
   * @throws bad-weights when a checkpoint has none of the variants, or the networks differ in their classes; bad-option
   */
  static async open(
    device: Device,
    checkpoints: readonly (Checkpoint | ComparedCheckpoint)[],
    options: ComparisonSetOptions = {},
  ): Promise<ComparisonSet> {
    return new ComparisonSet(device, await openSet(device, checkpoints, options), options);
  }

  private constructor(device: Device, groups: readonly OpenGroup[], options: ComparisonSetOptions) {
    super(device, groups, options, holdBrowserImage);
  }
}
