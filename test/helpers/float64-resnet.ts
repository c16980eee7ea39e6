/** ResNets of bottlenecks in float64, over weights that are hashed from their names. */
import { hashedTensor } from "../../bench/hashed-weights.js";
import type { HashedTensor } from "../../bench/hashed-weights.js";
import { convolve, maxPool, normalise } from "./float64-layers.js";
import type { ConvWindow, Feature, Norm } from "./float64-layers.js";

interface EncodeOptions {
  /** Blocks of the four stages. */
  readonly blocks: readonly number[];
  /** torchvision's segmentation backbone: layer3 and layer4 at stride 8. */
  readonly dilated: boolean;
}

export interface Float64ResNet {
  readonly tensor: (name: string) => Float32Array;
  readonly conv: (x: Feature, name: string, window?: ConvWindow) => Feature;
  readonly norm: (name: string) => Norm;
  /** A normalised picture to the maps of the stages: stem, layer1 to layer4. */
  readonly encode: (image: Feature, options: EncodeOptions) => Record<string, Feature>;
}

/** `specs` are names and shapes of the backbone's tensors, and of heads where conv() and norm() are asked for them. */
export function float64ResNet(specs: readonly HashedTensor[]): Float64ResNet {
  const shapes = new Map(specs.map(({ name, shape }) => [name, shape]));

  function shapeOf(name: string): readonly number[] {
    const shape = shapes.get(name);
    if (!shape) throw new Error(`${name} is in neither state dict`);
    return shape;
  }
  const tensor = (name: string): Float32Array => hashedTensor(name, shapeOf(name));

  function conv(x: Feature, name: string, window?: ConvWindow): Feature {
    const weight = { shape: shapeOf(`${name}.weight`), data: tensor(`${name}.weight`) };
    return convolve(x, weight, shapes.has(`${name}.bias`) ? tensor(`${name}.bias`) : undefined, window);
  }

  const norm = (name: string): Norm => ({
    gain: tensor(`${name}.weight`),
    bias: tensor(`${name}.bias`),
    mean: tensor(`${name}.running_mean`),
    variance: tensor(`${name}.running_var`),
  });

  /** One bottleneck block; the first one of a stage has a projection in its shortcut. */
  function bottleneck(x: Feature, name: string, stride: number, dilation: number): Feature {
    const projects = shapes.has(`${name}.downsample.0.weight`);
    const shortcut = projects
      ? normalise(conv(x, `${name}.downsample.0`, { stride }), norm(`${name}.downsample.1`), false)
      : x;
    let y = normalise(conv(x, `${name}.conv1`), norm(`${name}.bn1`));
    y = normalise(conv(y, `${name}.conv2`, { stride, padding: dilation, dilation }), norm(`${name}.bn2`));
    return normalise(conv(y, `${name}.conv3`), norm(`${name}.bn3`), true, shortcut);
  }

  function encode(image: Feature, { blocks, dilated }: EncodeOptions): Record<string, Feature> {
    let x = maxPool(normalise(conv(image, "backbone.conv1", { stride: 2, padding: 3 }), norm("backbone.bn1")));
    const stages: Record<string, Feature> = { stem: x };
    blocks.forEach((count, stage) => {
      const isDilated = dilated && stage > 1;
      const stride = stage === 0 || isDilated ? 1 : 2;
      for (let b = 0; b < count; b++) {
        const isFirst = b === 0;
        const dilation = isDilated ? 2 ** (stage - (isFirst ? 2 : 1)) : 1;
        x = bottleneck(x, `backbone.layer${stage + 1}.${b}`, isFirst ? stride : 1, dilation);
      }
      stages[`layer${stage + 1}`] = x;
    });
    return stages;
  }

  return { tensor, conv, norm, encode };
}
