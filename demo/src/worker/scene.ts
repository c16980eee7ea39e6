/** The picture on show and what was found on it. */
import { isFcnError } from "fcn-webgpu";
import type { Picture } from "fcn-webgpu";
import { PREPARE_STAGE } from "../messages.js";
import type { Reading, Reply, Request, StageTime } from "../messages.js";
import { changesBetween, focusOf } from "./differences.js";
import { countPixels } from "./label-counts.js";
import type { Model, ModelResult } from "./model.js";
import type { Layer } from "./painter.js";
import { withinPixels } from "./picture-sizes.js";
import { regionNames } from "./region-names.js";

export type PictureJob = Extract<Request, { type: "segment" }>;

export interface Scene {
  readonly job: PictureJob;
  readonly picture: Picture;
  /** Width and height of the file or frame. */
  readonly full: readonly [number, number];
  readonly result: ModelResult | undefined;
}

/** @param keepsLabels whether the labels of the camera's last frame stay on show until this one has its own */
export function pictureReply(
  { job, picture: { width, height }, full }: Scene,
  keepsLabels: boolean,
): Extract<Reply, { type: "picture" }> {
  const saved = job.picture instanceof ImageBitmap ? ([width, height] as const) : withinPixels(full);
  return { type: "picture", id: job.id, width, height, full, saved, keepsLabels };
}

export function layersOf({ labels, buffers }: ModelResult): Map<string, Layer> {
  return new Map(Object.entries(labels).map(([variant, map]) => [variant, { labels: map, buffer: buffers[variant] }]));
}

/** @returns undefined if the run was aborted */
export async function runUnlessAborted(
  model: Model,
  picture: Picture,
  signal: AbortSignal,
): Promise<ModelResult | undefined> {
  try {
    return await model.run(picture, signal);
  } catch (error) {
    if (!signal.aborted || isFcnError(error, "device-lost")) throw error;
    return undefined;
  }
}

/** What the page shows of a result. */
export function segmentedReply(
  { job, picture }: Scene,
  result: ModelResult,
  times: readonly StageTime[],
): Extract<Reply, { type: "segmented" }> {
  const { width, height } = picture;
  const { labels } = result;
  const maps = Object.entries(labels);
  return {
    type: "segmented",
    id: job.id,
    width,
    height,
    counts: countPixels(labels),
    regions: Object.fromEntries(maps.map(([variant, map]) => [variant, regionNames(map, picture)])),
    focus: focusOf(labels, picture),
    changes: changesBetween(labels),
    times,
    total: times.reduce((sum, { ms }) => sum + ms, 0),
    prepared: times.find(({ name }) => name === PREPARE_STAGE)?.ms ?? 0,
  };
}

/** Colour and classes at a pixel. Outside the picture there is nothing. @throws device-lost */
export async function readingAt(
  scene: Scene | undefined,
  x: number,
  y: number,
): Promise<{ colour: readonly [number, number, number]; readings: readonly Reading[] }> {
  const { picture, result } = scene ?? {};
  if (!picture || x >= picture.width || y >= picture.height) return { colour: [0, 0, 0], readings: [] };
  const pixel = y * picture.width + x;
  const [r = 0, g = 0, b = 0] = picture.data.subarray(pixel * 4);
  const read = async ([variant, labels]: [string, Uint8Array]): Promise<Reading> => {
    const label = labels[pixel] ?? 0;
    const probabilities = await result?.probabilities(variant, x, y);
    return { variant, label, probability: probabilities?.[label] ?? 0 };
  };
  return { colour: [r, g, b], readings: await Promise.all(Object.entries(result?.labels ?? {}).map(read)) };
}
