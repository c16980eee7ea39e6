/**
 * upsample-cross-entropy in float64: the logits of each pixel from the four nodes around it, softmax cross-entropy from
 * PyTorch's definition, and the gradients of each row of a cell, added up.
 */
import { cellsOf, origins } from "../../src/kernel/cells.js";
import type { BilinearGeometry } from "../../src/kernel/cells.js";
import type { HostTensor, Reference } from "../../src/kernel/registry.js";

interface UpsampleAttrs extends BilinearGeometry {
  readonly height: number;
  readonly width: number;
  readonly ignore: number;
}

type Inputs = Readonly<Record<string, HostTensor>>;
type Sizes = [number, number, number, number];

/** Rows of cells whose losses are one part. */
const PART = 64;

/** Scores of a class at a place in nodes: the sum of those nearer than one node, each times its nearness. */
function scoreAt({ shape, data }: HostTensor, plane: number, row: number, column: number): number {
  const [, , h, w] = shape as Sizes;
  let sum = 0;
  for (const i of [Math.floor(row), Math.floor(row) + 1]) {
    for (const j of [Math.floor(column), Math.floor(column) + 1]) {
      if (i < 0 || i >= h || j < 0 || j >= w) continue;
      const weight = (1 - Math.abs(row - i)) * (1 - Math.abs(column - j));
      sum += weight * (data[(plane * h + i) * w + j] as number);
    }
  }
  return sum;
}

/** Each class's probability times its weight, at pixel `at(class)` of the targets; undefined for an ignored pixel. */
function targetOf(
  { labels, targets, class_weights: weights }: Inputs,
  pixel: number,
  at: readonly number[],
  ignore: number,
): number[] | undefined {
  const label = labels?.data[pixel];
  if (label !== undefined && (label === ignore || label >= at.length)) return undefined;
  const probability = (k: number): number =>
    targets ? (targets.data[at[k] as number] as number) : Number(k === label);
  return at.map((_, k) => probability(k) * (weights?.data[k] ?? 1));
}

function logSoftmax(z: readonly number[]): number[] {
  const peak = Math.max(...z);
  const sum = z.reduce((total, value) => total + Math.exp(value - peak), 0);
  return z.map((value) => value - peak - Math.log(sum));
}

export const upsampleCrossEntropyReference: Reference<UpsampleAttrs> = (inputs, attrs) => {
  const { scores, scale } = inputs;
  if (!scores || !scale) throw new Error("upsample-cross-entropy needs scores and scale");
  const { height, width, stride, ignore } = attrs;
  const [n, classes] = scores.shape as Sizes;
  const factor = scale.data[0] as number;
  const { first, count } = cellsOf(attrs, width);
  const [top, left] = origins(attrs);
  const sums = new Float64Array(n * classes * height * 2 * count);
  const losses = new Float64Array(Math.ceil((n * height * count) / PART));
  for (let pixel = 0; pixel < n * height * width; pixel++) {
    const [line, x] = [Math.floor(pixel / width), pixel % width];
    const [item, y] = [Math.floor(line / height), line % height];
    const planes = Array.from({ length: classes }, (_, k) => item * classes + k);
    const at = planes.map((plane) => (plane * height + y) * width + x);
    const target = targetOf(inputs, pixel, at, ignore);
    if (!target) continue;
    const [row, column] = [(2 * y + top) / (2 * stride), (2 * x + left) / (2 * stride)];
    const logs = logSoftmax(planes.map((plane) => scoreAt(scores, plane, row - 1, column - 1)));
    const mass = target.reduce((sum, t) => sum + t, 0);
    const cell = Math.floor(column) - first;
    const part = Math.floor((line * count + cell) / PART);
    for (const [k, t] of target.entries()) {
      const log = logs[k] as number;
      losses[part] = (losses[part] as number) - factor * t * log;
      const slope = factor * (Math.exp(log) * mass - t);
      const to = (((planes[k] as number) * height + y) * count + cell) * 2;
      const fx = column - Math.floor(column);
      sums[to] = (sums[to] as number) + (1 - fx) * slope;
      sums[to + 1] = (sums[to + 1] as number) + fx * slope;
    }
  }
  return {
    sums: { shape: [n, classes, height, 2 * count], data: sums },
    losses: { shape: [losses.length, 1, 1, 1], data: losses },
  };
};
