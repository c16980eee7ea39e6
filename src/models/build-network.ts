/** A network from a checkpoint that has its head. */
import { FcnError } from "../base/errors.js";
import type { Backbone } from "../layers/backbone.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { isTorchvisionHead, torchvisionHeadOf } from "../weights/heads.js";
import type { Head } from "../weights/heads.js";
import type { Recognised } from "../weights/names.js";
import { Parameters } from "../weights/parameters.js";
import type { ModelBackbone } from "./backbones/model-backbone.js";
import { FCN_VARIANTS } from "./fcn-head.js";
import { fcnNetwork } from "./fcn.js";
import type { Network } from "./network.js";
import { torchvisionNetwork } from "./torchvision.js";

/** A network and what is known about it. */
export interface Assembled {
  readonly network: Network;
  /** What the weights are. */
  readonly description: string;
  /** One for each class. */
  readonly classNames: readonly string[];
  /** What a user must know before trusting a label. */
  readonly notice?: string | undefined;
}

/** What a checkpoint was recognised as, and the description of its backbone. */
export interface NetworkParts {
  readonly found: Recognised;
  readonly backbone: ModelBackbone;
}

/** `loaded` is the backbone, where it was loaded before. @throws bad-weights naming all tensors that do not fit */
export function buildNetwork(
  checkpoint: Checkpoint,
  head: Head,
  description: ModelBackbone,
  loaded?: Backbone,
): Network {
  const params = Parameters.of(checkpoint);
  return isTorchvisionHead(head) ? torchvisionNetwork(params, loaded) : fcnNetwork(params, head, description, loaded);
}

/** torchvision's networks have a backbone each. @throws bad-weights for the head of another one */
export function checkHeadFits({ checkpoint, description, variants, backbone }: Recognised, head: Head): void {
  const dilated = torchvisionHeadOf(backbone);
  if (!isTorchvisionHead(head) || dilated === head) return;
  const names = variants.length > 0 ? variants : [...FCN_VARIANTS, dilated].filter(Boolean);
  throw new FcnError(
    "bad-weights",
    `${checkpoint.name} is ${description}; ${head} has another backbone: load it as ${names.join(" or ")}`,
  );
}
