/** VGG-16 of width 1 with weights that are hashed from their names, and its feature maps in float64. */
import { hashedTensor } from "../../bench/hashed-weights.js";
import type { HashedTensor } from "../../bench/hashed-weights.js";
import { convolve } from "./float64-layers.js";
import type { Feature } from "./float64-layers.js";

/** Convolutions of each stage, and their output channels. */
const STAGES = [
  [2, 1],
  [2, 2],
  [3, 4],
  [3, 8],
  [3, 8],
] as const;
/** Channels of fc6 and fc7. */
const CLASSIFIER = 64;

/** Under pytorch-fcn's names: the backbone, and the head of FCN-8s. */
export function vggTensors(classes: number): HashedTensor[] {
  const conv = (name: string, outputs: number, inputs: number, side: number): HashedTensor[] => [
    { name: `${name}.weight`, shape: [outputs, inputs, side, side] },
    { name: `${name}.bias`, shape: [outputs] },
  ];
  const tensors: HashedTensor[] = [];
  let inputs = 3;
  STAGES.forEach(([count, outputs], stage) => {
    for (let i = 0; i < count; i++) {
      tensors.push(...conv(`conv${stage + 1}_${i + 1}`, outputs, inputs, 3));
      inputs = outputs;
    }
  });
  const up = (name: string, side: number): HashedTensor => ({ name, shape: [classes, classes, side, side] });
  return [
    ...tensors,
    ...conv("fc6", CLASSIFIER, inputs, 7),
    ...conv("fc7", CLASSIFIER, CLASSIFIER, 1),
    ...conv("score_fr", classes, CLASSIFIER, 1),
    ...conv("score_pool4", classes, 8, 1),
    ...conv("score_pool3", classes, 4, 1),
    ...[up("upscore2.weight", 4), up("upscore_pool4.weight", 4), up("upscore8.weight", 16)],
  ];
}

/** 2x2, stride 2, rounded up. */
function halved({ c, h, w, data }: Feature): Feature {
  const [oh, ow] = [Math.ceil(h / 2), Math.ceil(w / 2)];
  const out = new Float64Array(c * oh * ow).fill(-Infinity);
  data.forEach((value, i) => {
    const [channel, row, column] = [Math.floor(i / (h * w)), Math.floor(i / w) % h, i % w];
    const at = (channel * oh + (row >> 1)) * ow + (column >> 1);
    out[at] = Math.max(out[at] as number, value);
  });
  return { c, h: oh, w: ow, data: out };
}

/** A normalised picture (red, green, blue) to the maps of all stages. */
export function float64Vgg(specs: readonly HashedTensor[], image: Feature): Record<string, Feature> {
  const shapes = new Map(specs.map(({ name, shape }) => [name, shape]));
  const conv = (x: Feature, name: string, padding: number): Feature => {
    const [weight, bias] = [`${name}.weight`, `${name}.bias`].map((part) => {
      const shape = shapes.get(part) ?? [];
      return { shape, data: hashedTensor(part, shape) };
    });
    if (!weight || !bias) throw new Error(name);
    const y = convolve(x, weight, bias.data, { padding });
    return { ...y, data: y.data.map((value) => Math.max(0, value)) };
  };
  const plane = image.h * image.w;
  const channel = (i: number): Float64Array => image.data.subarray(i * plane, (i + 1) * plane);
  let x: Feature = { ...image, data: Float64Array.of(...channel(2), ...channel(1), ...channel(0)) };
  const maps: Record<string, Feature> = {};
  STAGES.forEach(([count], stage) => {
    for (let i = 0; i < count; i++) x = conv(x, `conv${stage + 1}_${i + 1}`, stage + i === 0 ? 100 : 1);
    x = halved(x);
    maps[`pool${stage + 1}`] = x;
  });
  maps["fc7"] = conv(conv(x, "fc6", 0), "fc7", 0);
  return maps;
}
