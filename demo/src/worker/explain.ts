/**
 * What lies between a picture and its label maps: features, scores at each stride, and what each skip adds. Loaded when
 * the page shows it.
 */
import { loadFcn } from "fcn-webgpu";
import type { Device, FcnVariant, HostFeatures, Picture } from "fcn-webgpu";
import type { CellMap, Explained, ExplainedStride } from "../messages.js";
import { strideOf } from "../variants.js";
import { countLabels } from "./label-counts.js";
import type { Model, ModelResult } from "./model.js";
import type { WeightsFile } from "./open-model.js";

export interface Explanation {
  readonly device: Device;
  readonly model: Model;
  readonly weights: WeightsFile;
  readonly picture: Picture;
  readonly result: ModelResult;
  readonly signal: AbortSignal;
}

/** @throws bad-weights, device-lost, limit-too-small, the signal's reason */
export async function explain(explanation: Explanation): Promise<Explained> {
  const { model, picture, result, signal } = explanation;
  const { width, height } = picture;
  const ratio = width / height;
  if (model.variants.length < 2) return { strides: [], label: 0, ratio };
  const label = largestClass(Object.values(result.labels).at(-1) ?? new Uint8Array());
  const features = await featuresOf(explanation);
  const strides: ExplainedStride[] = [];
  for (const variant of model.variants) {
    const stride = strideOf(variant);
    const size = { columns: Math.ceil(width / stride), rows: Math.ceil(height / stride) };
    const at = (variantAt: string) => cellProbabilities(result, variantAt, { picture, stride, ...size, signal });
    const own = await at(variant);
    const before = strides.at(-1);
    const earlier = before && (await at(before.variant));
    const map = (values: Uint8Array): CellMap => ({ ...size, values });
    const found = features.get(stride);
    strides.push({
      variant,
      stride,
      features: map(found ? strengths(found, size) : new Uint8Array(size.columns * size.rows)),
      channels: found?.shape[1] ?? 0,
      labels: map(Uint8Array.from(own, best)),
      confidence: map(Uint8Array.from(own, (cell) => Math.round(255 * (cell[best(cell)] ?? 0)))),
      changed: own.filter((cell, i) => earlier && best(cell) !== best(earlier[i] ?? cell)).length / own.length,
      change: map(Uint8Array.from(own, (cell, i) => changeByte(cell[label] ?? 0, earlier?.[i]?.[label] ?? 0))),
    });
  }
  return { strides, label, ratio };
}

const changeByte = (now: number, before: number): number => Math.round(128 + 127 * (now - before));

function best(probabilities: Float32Array): number {
  return probabilities.reduce((top, value, i) => (value > (probabilities[top] ?? 0) ? i : top), 0);
}

/** The class of most pixels that are not background; the background where there are only such. */
function largestClass(labels: Uint8Array): number {
  const counts = Object.entries(countLabels(labels)).filter(([label]) => label !== "0");
  return Number(counts.reduce((most, one) => (one[1] > most[1] ? one : most), ["0", 0])[0]);
}

interface Cells extends Pick<CellMap, "columns" | "rows"> {
  readonly picture: Picture;
  readonly stride: number;
  readonly signal: AbortSignal;
}

/** The probabilities in the middle of each cell. After each row, other requests have their turn. */
async function cellProbabilities(
  result: ModelResult,
  variant: string,
  { picture: { width, height }, stride, columns, rows, signal }: Cells,
): Promise<Float32Array[]> {
  const middle = (cell: number, size: number): number => Math.min(size - 1, cell * stride + (stride >> 1));
  const cells: Float32Array[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      cells.push(await result.probabilities(variant, middle(column, width), middle(row, height)));
    await nextTask();
    signal.throwIfAborted();
  }
  return cells;
}

/** Not by a timer: browsers let nested ones wait for 4 ms. */
function nextTask(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/** The last feature map of each stride. The networks over it are loaded for this, and freed after it. */
async function featuresOf({
  device,
  model: { variants },
  weights,
  picture,
  signal,
}: Explanation): Promise<ReadonlyMap<number, HostFeatures>> {
  const [variant] = variants as readonly FcnVariant[];
  const fcn = await loadFcn({ device, weights: weights.direct, signal, ...(variant && { variant }) });
  try {
    const names = new Map(fcn.stages.map(({ stride, name }) => [stride, name])); // the last one of each stride stays
    const wanted = variants.map(strideOf).flatMap((stride) => {
      const name = names.get(stride);
      return name === undefined ? [] : [[stride, name] as const];
    });
    const found = await fcn.features(
      { ...picture, data: Uint8Array.from(picture.data) },
      wanted.map(([, name]) => name),
      { signal },
    );
    return new Map(wanted.map(([stride, name]) => [stride, found[name] as HostFeatures]));
  } finally {
    fcn.dispose();
  }
}

/** The root mean square over the channels, from the least to the most. Cells beyond the picture are cut off. */
function strengths(
  { shape: [, channels, height, width], data }: HostFeatures,
  { columns, rows }: Pick<CellMap, "columns" | "rows">,
): Uint8Array {
  const [left, top] = [(width - columns) >> 1, (height - rows) >> 1].map((cut) => Math.max(0, cut)) as [number, number];
  const found = Float32Array.from({ length: columns * rows }, (_, i) => {
    const x = Math.min(width - 1, left + (i % columns));
    const y = Math.min(height - 1, top + Math.floor(i / columns));
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += (data[(c * height + y) * width + x] as number) ** 2;
    return Math.sqrt(sum / channels);
  });
  const low = found.reduce((least, value) => Math.min(least, value), Infinity);
  const high = found.reduce((most, value) => Math.max(most, value), 0);
  return Uint8Array.from(found, (value) => Math.round((255 * (value - low)) / (high - low || 1)));
}
