/**
 * Untrained heads over a trained backbone: where training starts, and how to run a network with a backbone of
 * one's own. As in the FCN paper, upsampling is bilinear and skip scores are zero. The coarsest score layer gets
 * Kaiming's uniform values, because zeros there would give one label everywhere. Values depend on tensor names only, so
 * they are the same every time. https://arxiv.org/abs/1411.4038, section 4.3; https://arxiv.org/abs/1502.01852
 */
import { fnv1a } from "../../base/hash.js";
import { seeded } from "../../base/random.js";
import { elements } from "../../kernel/shape.js";
import type { Backbone } from "../../layers/backbone.js";
import type { DecoderStyle } from "../../layers/decoder-style.js";
import { decoderGeometry } from "../../layers/geometry.js";
import { bilinearPlane } from "../../layers/upsample.js";
import type { Checkpoint } from "../../weights/checkpoint.js";
import { isTorchvisionHead } from "../../weights/heads.js";
import type { Head } from "../../weights/heads.js";
import { overlaid } from "./overlaid.js";
import type { TensorInMemory } from "./overlaid.js";
import { SKIPS } from "../fcn-head.js";
import type { FcnVariant } from "../fcn-head.js";

type Fill = (name: string, shape: readonly number[]) => Float32Array<ArrayBuffer>;

interface InitialTensor {
  readonly shape: readonly number[];
  readonly fill: Fill;
}

const constantFill =
  (value: number): Fill =>
  (_, shape) =>
    new Float32Array(elements(shape)).fill(value);

/**
 * Uniform in [-b, b) with b = sqrt(6 / fan-in), which keeps the variance through a ReLU. Seeded with the tensor's name.
 */
const kaimingFill: Fill = (name, shape) => {
  const random = seeded(fnv1a(name));
  const fanIn = elements(shape.slice(1));
  const bound = Math.sqrt(6 / fanIn);
  return new Float32Array(elements(shape)).map(() => (random() * 2 - 1) * bound);
};

/** [C, C, k, k] with the bilinear kernel on the diagonal: every channel is upsampled by itself. */
const diagonalFill: Fill = (_, shape) => {
  const [channels = 0, , kernel = 0] = shape;
  const plane = bilinearPlane(kernel);
  const data = new Float32Array(elements(shape));
  for (let c = 0; c < channels; c++) data.set(plane, (c * channels + c) * plane.length);
  return data;
};

/** What the shapes of a head's tensors depend on. */
export interface HeadShape {
  readonly head: Head;
  readonly classes: number;
  readonly backbone: Pick<Backbone, "channelsAt" | "encoder">;
  readonly style: DecoderStyle;
}

/** The tensors of a head by name. */
function tensorsOf(shape: HeadShape): Map<string, InitialTensor> {
  const { head, classes, backbone } = shape;
  return isTorchvisionHead(head) ? torchvisionTensors(classes, backbone.channelsAt(32)) : paperTensors(head, shape);
}

function torchvisionTensors(classes: number, channels: number): Map<string, InitialTensor> {
  const inner = channels / 4;
  return new Map([
    ["classifier.0.weight", { shape: [inner, channels, 3, 3], fill: kaimingFill }],
    ["classifier.1.weight", { shape: [inner], fill: constantFill(1) }],
    ["classifier.1.bias", { shape: [inner], fill: constantFill(0) }],
    ["classifier.1.running_mean", { shape: [inner], fill: constantFill(0) }],
    ["classifier.1.running_var", { shape: [inner], fill: constantFill(1) }],
    ...scoreTensors("classifier.4", classes, inner, kaimingFill),
  ]);
}

function paperTensors(head: FcnVariant, { classes, backbone, style }: HeadShape): Map<string, InitialTensor> {
  const prefix = style.hasPrefix ? `${head}.` : "";
  const steps = decoderGeometry(backbone.encoder, style)[head];
  const tensors = new Map(scoreTensors(prefix + style.scores[32], classes, backbone.channelsAt(32), kaimingFill));
  const setKernel = (name: string, kernel = 0): void =>
    void tensors.set(`${prefix}${name}.weight`, { shape: [classes, classes, kernel, kernel], fill: diagonalFill });
  // The file may have the last kernel of another head, and then needs this one's too.
  if (style.mayBeFixed) setKernel(style.finals[SKIPS[head].at(-1) ?? 32], steps.at(-1)?.kernel);
  for (const [i, stride] of SKIPS[head].entries()) {
    setKernel(style.ups[stride], steps[i]?.kernel);
    const skip = scoreTensors(prefix + style.scores[stride], classes, backbone.channelsAt(stride), constantFill(0));
    for (const [name, tensor] of skip) tensors.set(name, tensor);
  }
  return tensors;
}

function scoreTensors(name: string, classes: number, channels: number, fill: Fill): [string, InitialTensor][] {
  return [
    [`${name}.weight`, { shape: [classes, channels, 1, 1], fill }],
    [`${name}.bias`, { shape: [classes], fill: constantFill(0) }],
  ];
}

/**
 * The checkpoint (with our names) and an initial head, which replaces tensors of that head that the checkpoint may
 * have.
 */
export function withInitialHead(checkpoint: Checkpoint, shape: HeadShape): Checkpoint {
  const initial = [...tensorsOf(shape)].map(([name, { shape, fill }]): [string, TensorInMemory] => [
    name,
    { shape, values: () => fill(name, shape) },
  ]);
  return overlaid(checkpoint, new Map(initial));
}
