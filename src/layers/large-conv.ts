/**
 * Convolutions whose weight may be too large for one binding: there a plan computes some of the output channels at a
 * time, and joins the parts. VGG-16's fc6 has 411 MB, and WebGPU promises no binding above 128 MiB. Where the device
 * binds the whole weight, the convolution is one call as all others.
 */
import { concat } from "../../shaders/concat/kernel.js";
import { badShape } from "../base/errors.js";
import { defaultVariant } from "../kernel/choice.js";
import { erase, makeProblem } from "../kernel/kernel.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Attrs } from "../kernel/problem.js";
import { alignUp, blocksOf, ceilDiv, elements } from "../kernel/shape.js";
import type { Nchw } from "../kernel/shape.js";
import { WEIGHT_TEXTURE_BYTES } from "../kernel/texture.js";
import type { DeviceTraits, Precision } from "../kernel/variant.js";
import type { Weight } from "../kernel/weight.js";
import { Value } from "../plan/graph.js";
import type { Division, Graph, Node } from "../plan/graph.js";
import { conv } from "./conv.js";
import type { ConvOptions } from "./conv.js";
import { largeWeight, slicesOf } from "./large-weight.js";
import type { BackboneLayer } from "./layer.js";

/** Channels of a part are a multiple of this, so that tiles of output channels stay whole. */
const STEP = 32;

type Operands = Readonly<Record<string, Value | Weight>>;

const isValue = (entry: readonly [string, Value | Weight]): entry is [string, Value] => entry[1] instanceof Value;
const isWeight = (entry: readonly [string, Value | Weight]): entry is [string, Weight] => !isValue(entry);

/** As conv(), for a weight that not every device can bind as a whole. */
export function largeConv(options: Omit<ConvOptions, "change">): BackboneLayer {
  const layer = conv({ ...options, change: largeWeight });
  return {
    windows: layer.windows,
    channels: (inputs) => layer.channels(inputs),
    load(params, inputs) {
      const loaded = layer.load(params, inputs);
      return {
        apply(graph, x) {
          const y = loaded.apply(graph, x);
          divide(graph, y, partsOf);
          return y;
        },
      };
    },
  };
}

/** Lets a plan make several calls in place of the one that makes this value. @throws bad-shape for another graph's */
export function divide({ nodes }: Graph, value: Value, division: Division): void {
  const index = nodes.findLastIndex(({ outputs }) => Object.values(outputs).includes(value));
  const node = nodes[index];
  if (!node) throw badShape(`graph: ${value.name} is no output of its calls`);
  nodes[index] = { ...node, division };
}

/** The calls that a device needs in place of a convolution. The last one makes the values of the whole. */
const partsOf: Division = (node, device, precision) => {
  const channels = channelsOfPart(node, device, precision);
  return channels === undefined ? [node] : divided(node, channels);
};

/** Output channels of a part; undefined where the weight fits as a whole. */
function channelsOfPart(
  { kernel, problem }: Node,
  device: DeviceTraits,
  precision: Precision | undefined,
): number | undefined {
  const variant = kernel.variants[defaultVariant(kernel, problem, device, precision) ?? ""];
  const valueBytes = variant?.packing?.weight?.precision === "f16" ? 2 : 4;
  const [outputs = 0, inputs = 0, ...window] = problem.in.weight ?? [];
  const channelBytes = valueBytes * blocksOf(inputs) * 4 * elements(window);
  const largest = largestWeight(device);
  const most = Math.floor(largest / channelBytes / STEP) * STEP;
  const fits = alignUp(outputs, device.software ? STEP : 4) * channelBytes <= largest;
  if (fits || most === 0) return undefined;
  return alignUp(ceilDiv(outputs, ceilDiv(outputs, most)), STEP);
}

/** Bytes that a weight may have. Software adapters read weights from textures. */
function largestWeight({ limits, software }: DeviceTraits): number {
  const { maxStorageBufferBindingSize = Infinity, maxBufferSize = Infinity } = limits;
  return Math.min(maxStorageBufferBindingSize, maxBufferSize, software ? WEIGHT_TEXTURE_BYTES : Infinity);
}

/** Slices of weights by the channels of a part. All plans of a model share them, and so their copies on the GPU. */
const kept = new WeakMap<Weight, Map<number, readonly Weight[]>>();

function keptSlices(weight: Weight, channels: number): readonly Weight[] {
  const bySize = kept.get(weight) ?? new Map<number, readonly Weight[]>();
  kept.set(weight, bySize);
  const [outputs = 0] = weight.shape;
  const slices =
    bySize.get(channels) ??
    Array.from({ length: ceilDiv(outputs, channels) }, (_, i) =>
      slicesOf(weight, i * channels, Math.min(channels, outputs - i * channels)),
    );
  bySize.set(channels, slices);
  return slices;
}

function divided({ kernel, problem, label, tensors, weights, outputs }: Node, channels: number): Node[] {
  const count = ceilDiv(problem.out.y?.[1] ?? 0, channels);
  const parts = Array.from({ length: count }, (_, i): Node => {
    const ofPart = Object.entries(weights).map(([key, weight]) => [key, keptSlices(weight, channels)[i]] as const);
    return call(
      `${label} ${i + 1} of ${count}`,
      kernel,
      { ...tensors, ...Object.fromEntries(ofPart) } as Operands,
      problem.attrs,
    );
  });
  return [...parts, ...joined(parts, label, outputs)];
}

/** Calls that join the parts one by one. The last gives the values of the whole call. */
function joined([first, ...others]: readonly Node[], label: string, outputs: Node["outputs"]): Node[] {
  let a = first?.outputs.y as Value;
  return others.map(({ outputs: { y: b } }, i) => {
    const join = call(`${label} join ${i + 1}`, erase(concat), { a, b: b as Value }, {});
    a = join.outputs.y as Value;
    return i === others.length - 1 ? { ...join, outputs } : join;
  });
}

/** A kernel call of a plan; see Graph.append(). */
function call(label: string, kernel: Kernel, operands: Operands, attrs: Attrs): Node {
  const entries = Object.entries(operands);
  const problem = makeProblem(kernel, Object.fromEntries(entries.map(([key, { shape }]) => [key, shape])), attrs);
  return {
    label,
    kernel,
    problem,
    tensors: Object.fromEntries(entries.filter(isValue)),
    weights: Object.fromEntries(entries.filter(isWeight)),
    outputs: { y: new Value(`${label}.y`, problem.out.y as Nchw) },
  };
}
