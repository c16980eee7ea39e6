/** The description of a checkpoint's backbone. */
import { badOption } from "../../base/errors.js";
import { backboneOf } from "../../weights/backbone-kind.js";
import type { Checkpoint } from "../../weights/checkpoint.js";
import { importOtherBackbones } from "./import-others.js";
import type { HeadOptions, ModelBackbone } from "./model-backbone.js";
import { resnet } from "./resnet.js";

/** Set when the descriptions of all backbones but ResNets were loaded. */
let others: Awaited<ReturnType<typeof importOtherBackbones>> | undefined;

/**
 * `checkpoint` has our names. Only a ResNet's description is at hand; others are loaded.
 * @throws bad-weights when the backbone is plainly none that is known; bad-option for heads that cannot be at once
 */
export async function describeBackbone(checkpoint: Checkpoint, options?: HeadOptions): Promise<ModelBackbone> {
  if (backboneOf(checkpoint).family !== "resnet") others ??= await importOtherBackbones();
  return describeLoaded(checkpoint, options);
}

/** As describeBackbone(), at once. @throws bad-option for a backbone whose description was not loaded before */
export function describeLoaded(checkpoint: Checkpoint, options: HeadOptions = {}): ModelBackbone {
  const kind = backboneOf(checkpoint);
  if (options.atOnce && kind.family !== "vgg16")
    throw badOption(`${checkpoint.name} has a backbone ${kind.name}, atOnce (--at-once) is for VGG-16: leave it out`);
  if (kind.family === "resnet") return resnet(kind);
  if (!others)
    throw badOption(
      `${checkpoint.name} has a backbone ${kind.name}, whose code is loaded when it is needed: ` +
        "make the comparison with await Comparison.open(device, checkpoint)",
    );
  return kind.family === "vgg16" ? others.vgg16(kind, checkpoint, options) : others.mobileNetV2(kind, checkpoint);
}
