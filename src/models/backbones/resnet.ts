/**
 * ResNets as encoders, without the classifier: the stem and four stages of blocks. The stride of a bottleneck is on its
 * 3x3 convolution, as in torchvision ("V1.5"). https://arxiv.org/abs/1512.03385
 */
import type { BackboneDescription, BackboneStage } from "../../layers/backbone.js";
import { conv } from "../../layers/conv.js";
import type { BackboneLayer } from "../../layers/layer.js";
import { maxPool } from "../../layers/pool.js";
import { residual } from "../../layers/residual.js";
import type { ResNetKind } from "../../weights/resnet-kind.js";

/** Dilation in place of the stride of layer2, layer3, layer4. torchvision's networks have it in the last two. */
export type DilatedStages = readonly [boolean, boolean, boolean];

interface BlockOptions {
  /** Path of the block's names, such as "layer2.0". */
  readonly name: string;
  /** Input channels. */
  readonly inputs: number;
  /** Channels of the 3x3 convolutions. */
  readonly planes: number;
  /** Output channels. */
  readonly out: number;
  readonly stride: number;
  readonly dilation: number;
}

const STEM_POOL = { kernel: 3, stride: 2, padding: 1, dilation: 1 };

/** 1x1 reduce, 3x3, 1x1 expand. */
function bottleneckPath({ name, planes, out, stride, dilation }: BlockOptions): BackboneLayer[] {
  const named = (i: number) => ({ name: `${name}.conv${i}`, norm: `${name}.bn${i}`, activation: "relu" }) as const;
  return [
    conv({ ...named(1), out: planes, kernel: 1 }),
    conv({ ...named(2), out: planes, kernel: 3, stride, padding: dilation, dilation }),
    conv({ ...named(3), out, kernel: 1 }),
  ];
}

/** Two 3x3 convolutions. */
function basicPath({ name, planes, out, stride, dilation }: BlockOptions): BackboneLayer[] {
  const named = (i: number) => ({ name: `${name}.conv${i}`, norm: `${name}.bn${i}`, activation: "relu" }) as const;
  const window = { kernel: 3, padding: dilation, dilation };
  return [conv({ ...named(1), out: planes, stride, ...window }), conv({ ...named(2), out, ...window })];
}

/** The shortcut is a projection where the block changes the size or the number of channels. */
function block(options: BlockOptions, hasBottlenecks: boolean): BackboneLayer {
  const { name, inputs, out, stride } = options;
  const path = hasBottlenecks ? bottleneckPath(options) : basicPath(options);
  if (stride === 1 && inputs === out) return residual({ path });
  const names = { name: `${name}.downsample.0`, norm: `${name}.downsample.1` };
  return residual({ path, shortcut: conv({ ...names, out, kernel: 1, stride }) });
}

/** The stages of blocks, without the stem. */
function stagesOf({ width, blocks, hasBottlenecks, expansion }: ResNetKind, dilate: DilatedStages): BackboneStage[] {
  let inputs = width;
  let dilation = 1;
  return blocks.map((count, stage) => {
    const planes = width * 2 ** stage;
    const ownStride = stage === 0 ? 1 : 2;
    const isDilated = stage > 0 && dilate[stage - 1] === true;
    // The first block of a dilated stage still has the dilation of the stage before.
    const first = { stride: isDilated ? 1 : ownStride, dilation };
    if (isDilated) dilation *= ownStride;
    const later = { stride: 1, dilation };
    const name = `layer${stage + 1}`;
    const layers = Array.from({ length: count }, (_, b) => {
      const options = { name: `${name}.${b}`, inputs, planes, out: planes * expansion, ...(b === 0 ? first : later) };
      inputs = options.out;
      return block(options, hasBottlenecks);
    });
    return { name, layers };
  });
}

/**
 * [N, 3, H, W] to feature maps [N, 2b, H/8, W/8], [N, 4b, H/16, W/16] and [N, 8b, H/32, W/32], sizes rounded up,
 * without dilation. b is the width (channels of the stem), times 4 for bottlenecks.
 */
export function resnet(kind: ResNetKind, dilate: DilatedStages = [false, false, false]): BackboneDescription {
  const { width } = kind;
  const first = conv({ name: "conv1", norm: "bn1", out: width, kernel: 7, stride: 2, padding: 3, activation: "relu" });
  const stem = { name: "stem", layers: [first, maxPool("maxpool", STEM_POOL)] };
  return {
    name: kind.name,
    stages: [stem, ...stagesOf(kind, dilate)],
    taps: { 8: "layer2", 16: "layer3", 32: "layer4" },
  };
}
