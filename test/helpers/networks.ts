/** Networks over checkpoints of ResNets, as graphs build them. */
import { Backbone } from "../../src/layers/backbone.js";
import { describeLoaded } from "../../src/models/backbones/index.js";
import type { FcnVariant } from "../../src/models/fcn-head.js";
import { fcnNetwork } from "../../src/models/fcn.js";
import type { Network } from "../../src/models/network.js";
import type { Checkpoint } from "../../src/weights/checkpoint.js";
import { Parameters } from "../../src/weights/parameters.js";

/** The backbone of a checkpoint, with its weights. */
export function backboneIn(checkpoint: Checkpoint): Backbone {
  return new Backbone(Parameters.of(checkpoint).at("backbone"), describeLoaded(checkpoint));
}

/** One of the paper's networks. `checkpoint` has our names. */
export function paperNetwork(checkpoint: Checkpoint, variant: FcnVariant): Network {
  return fcnNetwork(Parameters.of(checkpoint), variant, describeLoaded(checkpoint));
}
