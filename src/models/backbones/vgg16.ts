/**
 * VGG-16 as the FCN paper has it: padding of 100 around the picture, 2x2 pools that round up, and the classifier's
 * layers fc6 and fc7 as convolutions. Names and layout of the heads are pytorch-fcn's.
 * https://arxiv.org/abs/1411.4038, section 4.1; https://github.com/wkentaro/pytorch-fcn
 */
import { badOption } from "../../base/errors.js";
import { crop } from "../../../shaders/crop/kernel.js";
import type { BackboneStage } from "../../layers/backbone.js";
import type { Weight } from "../../kernel/weight.js";
import { conv } from "../../layers/conv.js";
import type { CutOut, DecoderStyle } from "../../layers/decoder-style.js";
import type { BackboneLayer } from "../../layers/layer.js";
import { largeConv } from "../../layers/large-conv.js";
import { maxPool } from "../../layers/pool.js";
import type { Vgg16Kind } from "../../weights/backbone-kind.js";
import type { Checkpoint } from "../../weights/checkpoint.js";
import { IMAGENET } from "../preprocessing.js";
import type { Preprocessing } from "../preprocessing.js";
import type { HeadOptions, ModelBackbone } from "./model-backbone.js";

/** Convolutions of each stage, and their channels over those of the first. */
const STAGES = [
  { convolutions: 2, widening: 1 },
  { convolutions: 2, widening: 2 },
  { convolutions: 3, widening: 4 },
  { convolutions: 3, widening: 8 },
  { convolutions: 3, widening: 8 },
] as const;

/** Channels of fc6 and fc7 over those of the first convolution: 4,096 for 64. */
const CLASSIFIER_WIDENING = 64;
/** Channels of a picture. */
const COLOURS = 3;
/** Of the first convolution. It leaves fc6, whose window spans 7 cells, something to read at every size. */
const PICTURE_PADDING = 100;

/** Mean of ImageNet's pictures in Caffe's release, 0 to 255, as red, green, blue. Nothing is divided. */
const CAFFE: Preprocessing = {
  mean: [122.67892 / 255, 116.66877 / 255, 104.00699 / 255],
  std: [1 / 255, 1 / 255, 1 / 255],
};

/** A weight [out, 3, 3, 3] that reads blue, green, red, made to read red, green, blue. */
function forRedGreenBlue(weight: Weight): Weight {
  const taps = 9;
  const turned = (data: Float32Array): Float32Array => {
    const result = new Float32Array(data.length);
    for (let from = 0; from < data.length; from += taps) {
      const channel = (from / taps) % COLOURS;
      const to = from + (COLOURS - 1 - 2 * channel) * taps;
      result.set(data.subarray(from, from + taps), to);
    }
    return result;
  };
  const { name, shape } = weight;
  return { name, shape, read: async () => turned(await weight.read()), stored: turned };
}

function stageOf(index: number, width: number, isCaffes: boolean): BackboneStage {
  const { convolutions, widening } = STAGES[index] as (typeof STAGES)[number];
  const layers = Array.from({ length: convolutions }, (_, i): BackboneLayer => {
    const isFirst = index === 0 && i === 0;
    const padding = isFirst ? PICTURE_PADDING : 1;
    const name = `conv${index + 1}_${i + 1}`;
    const change = isFirst && isCaffes && { change: forRedGreenBlue };
    return conv({ name, out: width * widening, kernel: 3, padding, activation: "relu", ...change });
  });
  const name = `pool${index + 1}`;
  return {
    name,
    layers: [...layers, maxPool(name, { kernel: 2, stride: 2, padding: 0, dilation: 1, ceilMode: true })],
  };
}

const cutOut: CutOut = (graph, label, x, { top, left, height, width }) =>
  graph.op(label, crop, { x }, { offset: [top, left], size: [height, width] }).y;

const DECODER: DecoderStyle = {
  alignment: "crop-skips",
  isPadded: false,
  hasPrefix: false,
  mayBeFixed: true,
  scores: { 8: "score_pool3", 16: "score_pool4", 32: "score_fr" },
  ups: { 8: "upscore_pool4", 16: "upscore2" },
  finals: { 8: "upscore8", 16: "upscore16", 32: "upscore" },
  cutOut,
};

/**
 * What networks that were trained at once, not stage by stage, multiply pool4 and pool3 by.
 * https://github.com/shelhamer/fcn.berkeleyvision.org, voc-fcn8s-atonce
 */
const AT_ONCE = { 16: 0.01, 8: 0.0001 };

/** @throws bad-option where there is nothing to scale */
function checkAtOnce(file: string, { variants, isTrained = true }: HeadOptions): void {
  const names = variants?.join(", ");
  if (!isTrained)
    throw badOption(`${file} has no trained head for ${names}, which atOnce (--at-once) would scale: leave it out`);
  if (variants?.every((variant) => variant === "fcn32s"))
    throw badOption(`${names} has no skips, which atOnce (--at-once) would scale: leave it out`);
}

/**
 * [N, 3, H, W] to the feature maps pool3, pool4 and fc7, of strides 8, 16 and 32. Weights are Caffe's, which read blue,
 * green, red, unless the checkpoint's metadata say `preprocessing: "imagenet"`.
 * @throws bad-option for heads that cannot have been trained at once
 */
export function vgg16(
  { name, width }: Vgg16Kind,
  { name: file, metadata }: Checkpoint,
  options: HeadOptions = {},
): ModelBackbone {
  if (options.atOnce) checkAtOnce(file, options);
  const isCaffes = metadata.get("preprocessing") !== "imagenet";
  const out = width * CLASSIFIER_WIDENING;
  const fc6 = largeConv({ name: "fc6", out, kernel: 7, activation: "relu" });
  const fc7 = largeConv({ name: "fc7", out, kernel: 1, activation: "relu" });
  return {
    name,
    stages: [...STAGES.map((_, i) => stageOf(i, width, isCaffes)), { name: "fc7", layers: [fc6, fc7] }],
    taps: { 8: "pool3", 16: "pool4", 32: "fc7" },
    decoder: options.atOnce ? { ...DECODER, skipScales: AT_ONCE } : DECODER,
    defaults: { preprocessing: isCaffes ? CAFFE : IMAGENET },
  };
}
