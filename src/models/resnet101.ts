/**
 * ResNet-101 as an encoder: the stem and the four stages of bottleneck blocks (3, 4, 23, 3), without the classifier.
 * https://arxiv.org/abs/1512.03385, with the stride on the 3x3 convolution as in torchvision ("V1.5"). Any base width: it is
 * read from the checkpoint (64 in the published network, 16 in the embedded default).
 */
import { ConvBn } from "../layers/conv.js";
import type { EncoderLayer } from "../layers/geometry.js";
import { stemPool } from "../layers/pool.js";
import type { Graph, Value } from "../plan/graph.js";
import type { Parameters } from "../weights/parameters.js";

const BLOCKS = [3, 4, 23, 3] as const;
const EXPANSION = 4;

/** Feature maps of the last three stages, named by their stride in the undilated network. */
export interface Features {
  readonly stride8: Value;
  readonly stride16: Value;
  readonly stride32: Value;
}

export interface ResNet101Options {
  /** Replace the stride of layer2, layer3, layer4 by dilation, as torchvision's segmentation networks do for the last two. */
  readonly dilate?: readonly [boolean, boolean, boolean];
}

/** 1x1 reduce, 3x3, 1x1 expand, plus the shortcut. */
class Bottleneck {
  readonly #reduce: ConvBn;
  readonly #spatial: ConvBn;
  readonly #expand: ConvBn;
  readonly #shortcut: ConvBn | undefined;

  constructor(params: Parameters, inputs: number, planes: number, stride: number, dilation: number, project: boolean) {
    const out = planes * EXPANSION;
    this.#reduce = new ConvBn(params, "conv1", "bn1", { in: inputs, out: planes, kernel: 1, relu: true });
    this.#spatial = new ConvBn(params, "conv2", "bn2", {
      in: planes,
      out: planes,
      kernel: 3,
      stride,
      padding: dilation,
      dilation,
      relu: true,
    });
    this.#expand = new ConvBn(params, "conv3", "bn3", { in: planes, out, kernel: 1, relu: true });
    if (project) this.#shortcut = new ConvBn(params.at("downsample"), "0", "1", { in: inputs, out, kernel: 1, stride });
  }

  apply(graph: Graph, x: Value): Value {
    const shortcut = this.#shortcut?.apply(graph, x) ?? x;
    return this.#expand.apply(graph, this.#spatial.apply(graph, this.#reduce.apply(graph, x)), shortcut);
  }
}

export class ResNet101 {
  /** Channels of the stem: 64 in the published network. */
  readonly width: number;
  readonly #prefix: string;
  readonly #stem: ConvBn;
  readonly #stages: readonly (readonly Bottleneck[])[];

  constructor(params: Parameters, options: ResNet101Options = {}) {
    this.#prefix = params.prefix;
    this.width = params.shape("conv1.weight")?.[0] ?? 64;
    this.#stem = new ConvBn(params, "conv1", "bn1", {
      in: 3,
      out: this.width,
      kernel: 7,
      stride: 2,
      padding: 3,
      relu: true,
    });
    let inputs = this.width;
    let dilation = 1;
    this.#stages = BLOCKS.map((count, stage) => {
      const planes = this.width * 2 ** stage;
      let stride = stage === 0 ? 1 : 2;
      const first = dilation; // the first block of a dilated stage still uses the dilation of the stage before
      if (stage > 0 && options.dilate?.[stage - 1]) {
        dilation *= stride;
        stride = 1;
      }
      return Array.from({ length: count }, (_, b) => {
        const block = new Bottleneck(
          params.at(`layer${stage + 1}`).at(b),
          inputs,
          planes,
          b ? 1 : stride,
          b ? dilation : first,
          b === 0,
        );
        inputs = planes * EXPANSION;
        return block;
      });
    });
  }

  /** Channels of the three feature maps. */
  get channels(): { stride8: number; stride16: number; stride32: number } {
    const base = this.width * EXPANSION;
    return { stride8: base * 2, stride16: base * 4, stride32: base * 8 };
  }

  /** [N, 3, H, W] to feature maps of [N, 8w | 16w | 32w, ceil(H/8 | /16 | /32), ...] for width w (without dilation). */
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

/** The strided chain of the undilated network, from which the decoder's geometry is worked out. */
export const RESNET101_CHAIN: readonly EncoderLayer[] = [
  { kernel: 7, stride: 2, padding: 3, dilation: 1 }, // conv1
  { kernel: 3, stride: 2, padding: 1, dilation: 1 }, // maxpool
  { kernel: 3, stride: 2, padding: 1, dilation: 1 }, // layer2.0.conv2, stride 8
  { kernel: 3, stride: 2, padding: 1, dilation: 1 }, // layer3.0.conv2, stride 16
  { kernel: 3, stride: 2, padding: 1, dilation: 1 }, // layer4.0.conv2, stride 32
];
