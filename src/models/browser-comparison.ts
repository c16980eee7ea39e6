/** Comparisons of pictures as pages hold them: pixels, files, URLs and what a canvas draws. */
import type { Device } from "../gpu/device.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { holdBrowserImage } from "./browser-image.js";
import type { BrowserPicture } from "./browser-image.js";
import type { ComparisonOptions } from "./comparison-options.js";
import { PictureComparisonSet, openSet } from "./comparison-set.js";
import type { ComparisonSetOptions } from "./comparison-set.js";
import { PictureComparison, loadBackbone } from "./comparison.js";
import type { ComparedCheckpoint, OpenGroup } from "./set-groups.js";

/**
 * FCN-32s, 16s and 8s of one checkpoint on the same pictures, or torchvision's network alone: the backbone runs once a
 * picture, and a head for each. ComparisonSet takes several checkpoints.
 * @example
 * import { Comparison, openCheckpoint, openSource, requestDevice } from "fcn-webgpu";
 *
 * const image = document.querySelector("img");
 * if (!image) throw new Error("the page has no picture");
 * const checkpoint = await openCheckpoint(await openSource("photos"));
 * const comparison = await Comparison.open(await requestDevice(), checkpoint);
 * const { labels, run } = await comparison.run(image);
 * console.log(labels.fcn32s?.length, labels.fcn8s?.length, `${run.toFixed()} ms`);
 */
export class Comparison extends PictureComparison<BrowserPicture> {
  /**
   * As the constructor, for a checkpoint of any backbone: what only some backbones need is loaded first.
   * @throws as new Comparison()
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

/**
 * Networks of any checkpoints with the same classes on the same pictures. Those with the same backbone share it.
 * @example
 * import { ComparisonSet, openCheckpoint, openSource, requestDevice } from "fcn-webgpu";
 *
 * const photos = await openCheckpoint(await openSource("photos"));
 * const icons = await openCheckpoint(await openSource("icons"));
 * const set = await ComparisonSet.open(await requestDevice(), [photos, icons]);
 * const { labels, groupRuns } = await set.run("photo.jpg");
 * console.log(Object.keys(labels).join(), groupRuns.length);
 */
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
