/** Comparisons of pictures as Node holds them: pixels, paths, URLs and files in memory. Node only. */
import type { Device } from "../gpu/device.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { holdNodeImage } from "./node-image.js";
import type { NodePicture } from "./node-image.js";
import type { ComparisonOptions } from "./comparison-options.js";
import { PictureComparisonSet, openSet } from "./comparison-set.js";
import type { ComparisonSetOptions } from "./comparison-set.js";
import { PictureComparison, loadBackbone } from "./comparison.js";
import type { ComparedCheckpoint, OpenGroup } from "./set-groups.js";

/**
 * FCN-32s, 16s and 8s of one checkpoint on the same pictures, or torchvision's network alone: the backbone runs once a
 * picture, and a head for each. ComparisonSet takes several checkpoints.
 * @example
 * import { Comparison, openCheckpoint, openSource, requestDevice } from "fcn-webgpu/node";
 *
 * const device = await requestDevice();
 * const checkpoint = await openCheckpoint(await openSource("photos"));
 * const comparison = await Comparison.open(device, checkpoint, { variants: ["fcn32s", "fcn8s"] });
 * const { labels } = await comparison.run("samples/photographs/chelsea.png");
 * const same = labels.fcn32s?.filter((label, i) => label === labels.fcn8s?.[i]).length ?? 0;
 * console.log(same / (451 * 300) > 0.95); // prints true
 * comparison.dispose();
 * await checkpoint.close();
 * device.dispose();
 */
export class Comparison extends PictureComparison<NodePicture> {
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
    super(device, checkpoint, options, holdNodeImage);
  }
}

/**
 * Networks of any checkpoints with the same classes on the same pictures. Those with the same backbone share it.
 * @example
 * import { ComparisonSet, openCheckpoint, openSource, requestDevice } from "fcn-webgpu/node";
 *
 * const device = await requestDevice();
 * const checkpoints = [];
 * for (const name of ["photos", "icons"]) checkpoints.push(await openCheckpoint(await openSource(name)));
 * const named = checkpoints.map((checkpoint, i) => ({ checkpoint, name: i === 0 ? "photos" : "icons" }));
 * const set = await ComparisonSet.open(device, named, { variants: ["fcn8s"] });
 * const { labels } = await set.run("samples/bird.png");
 * console.log(set.variants.join(), labels["fcn8s of icons"]?.length); // prints fcn8s of photos,fcn8s of icons 160000
 * set.dispose();
 * for (const checkpoint of checkpoints) await checkpoint.close();
 * device.dispose();
 */
export class ComparisonSet extends PictureComparisonSet<NodePicture> {
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
    super(device, groups, options, holdNodeImage);
  }
}
