/**
 * ResNets as encoders, without the classifier: the stem and four stages of blocks. Which one it is, and how wide, is
 * read from the checkpoint. The stride of a bottleneck is on its 3x3 convolution, as in torchvision ("V1.5").
 * https://arxiv.org/abs/1512.03385
 */
import { ConvBn } from "../layers/conv.js";
import type { EncoderLayer } from "../layers/geometry.js";
import { stemPool } from "../layers/pool.js";
import type { Graph, Value } from "../plan/graph.js";
import type { Parameters } from "../weights/parameters.js";
import { resnetKindOf } from "../weights/resnet-kind.js";
import type { ResNetKind } from "../weights/resnet-kind.js";

/** Stem channels of the published networks. */
const PUBLISHED_WIDTH = 64;

/** Feature maps of the last three stages, named by their stride in the undilated network. */
export interface Features {
  readonly stride8: Value;
  readonly stride16: Value;
  readonly stride32: Value;
}

export interface ResNetOptions {
  /** Dilation in place of the stride of layer2, layer3, layer4. torchvision's networks have it in the last two. */
  readonly dilate?: readonly [boolean, boolean, boolean];
}

interface BlockOptions {
  /** Input channels. */
  readonly inputs: number;
  /** Channels of the 3x3 convolutions. */
  readonly planes: number;
  readonly stride: number;
  readonly dilation: number;
}

interface Block {
  apply(graph: Graph, x: Value): Value;
}

/** The shortcut is a projection where the block changes the size or the number of channels. */
function shortcutOf(params: Parameters, { inputs, stride }: BlockOptions, out: number): ConvBn | undefined {
  if (stride === 1 && inputs === out) return undefined;
  return new ConvBn(params.at("downsample"), "0", "1", { in: inputs, out, kernel: 1, stride });
}

/** 1x1 reduce, 3x3, 1x1 expand, plus the shortcut. */
class Bottleneck implements Block {
  readonly #reduce: ConvBn;
  readonly #spatial: ConvBn;
  readonly #expand: ConvBn;
  readonly #shortcut: ConvBn | undefined;

  constructor(params: Parameters, options: BlockOptions, out: number) {
    const { inputs, planes, stride, dilation } = options;
    const spatial = { in: planes, out: planes, kernel: 3, stride, padding: dilation, dilation, relu: true };
    this.#reduce = new ConvBn(params, "conv1", "bn1", { in: inputs, out: planes, kernel: 1, relu: true });
    this.#spatial = new ConvBn(params, "conv2", "bn2", spatial);
    this.#expand = new ConvBn(params, "conv3", "bn3", { in: planes, out, kernel: 1, relu: true });
    this.#shortcut = shortcutOf(params, options, out);
  }

  apply(graph: Graph, x: Value): Value {
    const shortcut = this.#shortcut?.apply(graph, x) ?? x;
    const reduced = this.#reduce.apply(graph, x);
    return this.#expand.apply(graph, this.#spatial.apply(graph, reduced), shortcut);
  }
}

/** Two 3x3 convolutions, plus the shortcut. */
class BasicBlock implements Block {
  readonly #first: ConvBn;
  readonly #second: ConvBn;
  readonly #shortcut: ConvBn | undefined;

  constructor(params: Parameters, options: BlockOptions, out: number) {
    const { inputs, planes, stride, dilation } = options;
    const window = { kernel: 3, padding: dilation, dilation, relu: true };
    this.#first = new ConvBn(params, "conv1", "bn1", { in: inputs, out: planes, stride, ...window });
    this.#second = new ConvBn(params, "conv2", "bn2", { in: planes, out, ...window });
    this.#shortcut = shortcutOf(params, options, out);
  }

  apply(graph: Graph, x: Value): Value {
    const shortcut = this.#shortcut?.apply(graph, x) ?? x;
    return this.#second.apply(graph, this.#first.apply(graph, x), shortcut);
  }
}

export class ResNet {
  readonly kind: ResNetKind;
  /** Channels of the stem. */
  readonly width: number;
  readonly #prefix: string;
  readonly #stem: ConvBn;
  readonly #stages: readonly (readonly Block[])[];

  constructor(params: Parameters, options: ResNetOptions = {}) {
    this.#prefix = params.prefix;
    const width = params.shape("conv1.weight")?.[0] ?? PUBLISHED_WIDTH;
    this.width = width;
    this.kind = resnetKindOf(params.checkpoint, params.prefix);
    const stem = { in: 3, out: width, kernel: 7, stride: 2, padding: 3, relu: true };
    this.#stem = new ConvBn(params, "conv1", "bn1", stem);
    this.#stages = stagesOf(params, this.kind, width, options.dilate ?? [false, false, false]);
  }

  /** Channels of the three feature maps. */
  get channels(): { stride8: number; stride16: number; stride32: number } {
    const base = this.width * this.kind.expansion;
    return { stride8: base * 2, stride16: base * 4, stride32: base * 8 };
  }

  /**
   * [N, 3, H, W] to feature maps [N, 2b, H/8, W/8], [N, 4b, H/16, W/16] and [N, 8b, H/32, W/32], sizes rounded up,
   * without dilation. b is the width, times 4 for bottlenecks.
   */
  apply(graph: Graph, image: Value): Features {
    const [, stride8, stride16, stride32] = this.#run(graph, image, 4) as [Value, Value, Value, Value];
    return { stride8, stride16, stride32 };
  }

  /** The feature map of `stride16` alone, without the last stage. */
  applyStride16(graph: Graph, image: Value): Value {
    return this.#run(graph, image, 3)[2] as Value;
  }

  /** Outputs of the first `count` stages. */
  #run(graph: Graph, image: Value, count: number): Value[] {
    let x = stemPool(graph, `${this.#prefix}maxpool`, this.#stem.apply(graph, image));
    return this.#stages.slice(0, count).map((blocks) => {
      for (const block of blocks) x = block.apply(graph, x);
      return x;
    });
  }
}

function stagesOf(
  params: Parameters,
  { blocks, hasBottlenecks, expansion }: ResNetKind,
  width: number,
  dilate: readonly [boolean, boolean, boolean],
): Block[][] {
  const BlockOfKind = hasBottlenecks ? Bottleneck : BasicBlock;
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
    return Array.from({ length: count }, (_, b) => {
      const window = b === 0 ? first : later;
      const at = params.at(`layer${stage + 1}`).at(b);
      const block = new BlockOfKind(at, { inputs, planes, ...window }, planes * expansion);
      inputs = planes * expansion;
      return block;
    });
  });
}

/** The strided layers of the undilated network, from which the decoder's geometry follows. */
export const RESNET_CHAIN: readonly EncoderLayer[] = [
  { kernel: 7, stride: 2, padding: 3, dilation: 1 }, // conv1
  { kernel: 3, stride: 2, padding: 1, dilation: 1 }, // maxpool
  { kernel: 3, stride: 2, padding: 1, dilation: 1 }, // the strided 3x3 of layer2.0, stride 8
  { kernel: 3, stride: 2, padding: 1, dilation: 1 }, // of layer3.0, stride 16
  { kernel: 3, stride: 2, padding: 1, dilation: 1 }, // of layer4.0, stride 32
];
