/**
 * MobileNetV2 as an encoder: a stem, 17 inverted residual blocks, and what comes after them. Widths are read from the
 * checkpoint; strides are the paper's. https://arxiv.org/abs/1801.04381, table 2
 */
import type { BackboneStage } from "../../layers/backbone.js";
import { conv } from "../../layers/conv.js";
import { withContext } from "../../layers/context.js";
import { depthwise } from "../../layers/depthwise.js";
import type { BackboneLayer } from "../../layers/layer.js";
import { sequence } from "../../layers/layer.js";
import { residual } from "../../layers/residual.js";
import type { MobileNetV2Kind } from "../../weights/backbone-kind.js";
import type { Checkpoint } from "../../weights/checkpoint.js";
import type { ModelBackbone } from "./model-backbone.js";

const BLOCKS = 17;
/** Blocks that halve the size. */
const STRIDED = new Set([2, 4, 7, 14]);
/** Blocks after which the maps of strides 8 and 16 are read: the last of their stride, before the next one expands. */
const LAST_OF_STRIDE_8 = 6;
const LAST_OF_STRIDE_16 = 13;
/** Of torchvision's last convolution. */
const LAST = BLOCKS + 1;

/** Output channels of a convolution in the file; 1 where it is missing, which is reported when weights are taken. */
type WidthOf = (name: string) => number;

/** Expand (1x1), depthwise 3x3, project (1x1), with the input added where neither size nor width changes. */
function block(index: number, inputs: number, widthOf: WidthOf): BackboneLayer {
  const path = `features.${index}.conv`;
  const stride = STRIDED.has(index) ? 2 : 1;
  // The first block does not expand.
  const first = index === 1 ? 0 : 1;
  const named = (i: number) => ({ name: `${path}.${i}.0`, norm: `${path}.${i}.1`, activation: "relu6" }) as const;
  const out = widthOf(`${path}.${first + 1}`);
  const layers = [
    ...(first === 0 ? [] : [conv({ ...named(0), out: widthOf(`${path}.0.0`), kernel: 1 })]),
    depthwise({ ...named(first), kernel: 3, stride, padding: 1 }),
    conv({ name: `${path}.${first + 1}`, norm: `${path}.${first + 2}`, out, kernel: 1 }),
  ];
  return stride === 1 && inputs === out ? residual({ path: layers }) : sequence(layers);
}

/** What comes after the blocks: torchvision's last convolution, or features beside their mean over the picture. */
function lastStage({ hasContext }: MobileNetV2Kind, widthOf: WidthOf): BackboneStage {
  if (!hasContext) {
    const names = { name: `features.${LAST}.0`, norm: `features.${LAST}.1`, activation: "relu6" } as const;
    return { name: `features.${LAST}`, layers: [conv({ ...names, out: widthOf(names.name), kernel: 1 })] };
  }
  const pointwise = (name: string): BackboneLayer => conv({ name, out: widthOf(name), kernel: 1, activation: "relu" });
  return {
    name: "fc7",
    layers: [
      withContext({ local: pointwise("fc6"), global: pointwise("context"), label: "context" }),
      pointwise("fc7"),
    ],
  };
}

/**
 * [N, 3, H, W] to feature maps of stride 8 (features.6, 32 channels), 16 (features.13, 96) and 32 (features.18, 1,280;
 * fc7, 256, with a global context), at the published width. Sizes are rounded up.
 */
export function mobileNetV2(kind: MobileNetV2Kind, { tensors }: Checkpoint): ModelBackbone {
  const widthOf: WidthOf = (name) => tensors.get(`backbone.${name}.weight`)?.shape[0] ?? 1;
  const stem = conv({
    name: "features.0.0",
    norm: "features.0.1",
    out: kind.width,
    kernel: 3,
    stride: 2,
    padding: 1,
    activation: "relu6",
  });
  let inputs = kind.width;
  const blocks = Array.from({ length: BLOCKS }, (_, i): BackboneStage => {
    const layer = block(i + 1, inputs, widthOf);
    inputs = layer.channels(inputs);
    return { name: `features.${i + 1}`, layers: [layer] };
  });
  const last = lastStage(kind, widthOf);
  return {
    name: kind.name,
    stages: [{ name: "features.0", layers: [stem] }, ...blocks, last],
    taps: { 8: `features.${LAST_OF_STRIDE_8}`, 16: `features.${LAST_OF_STRIDE_16}`, 32: last.name },
  };
}
