/** What a run gives for each of its pictures: the outputs of its plan as values on the host, and the times. */
import { FcnError } from "../base/errors.js";
import type { Memory } from "../gpu/memory.js";
import { layoutNamed } from "../kernel/layout.js";
import type { HostArray } from "../kernel/layout.js";
import type { Nchw } from "../kernel/shape.js";
import type { RgbaPicture } from "../image/picture.js";
import type { HostResult, RunTimings } from "../plan/plan-options.js";
import type { PictureCall } from "./picture-call.js";

/** One output of one picture. */
export interface PictureOutput {
  /** [1, C, H, W] in row order. */
  readonly values: HostArray;
  readonly shape: Nchw;
  /** Where the values of the whole batch lie on the GPU. Holds until the next run. Absent where bands ran. */
  readonly memory?: Memory;
}

/**
 * Milliseconds on the host's clock from a call to its result: where the time went. `total` is the sum of the other
 * times. Pictures of one batch share these times.
 */
export interface Timings extends RunTimings {
  /**
   * Waited for others: for earlier calls and runs, for other pictures of the same call, for a new device after a loss.
   */
  readonly queued: number;
  /** To get the pixels: to copy them, to download a picture, to read its file, to decode it. */
  readonly decode: number;
  /** To make the plan, weights and pipelines included; 0 when the size was seen before. */
  readonly compile: number;
  /** All of it, from the call to its result. In segmentAll(): from when the picture came from its source. */
  readonly total: number;
}

export interface PictureResult {
  readonly width: number;
  readonly height: number;
  /** By the names that the graph gives its outputs. */
  readonly outputs: ReadonlyMap<string, PictureOutput>;
  /** Of the network that ran. */
  readonly classNames: readonly string[];
  /** Milliseconds to make the plan; 0 when the size was seen before. */
  readonly compile: number;
  /** Of the whole batch, from RGBA to all outputs on the host. */
  readonly timings: RunTimings;
  /** Of the call that the picture belongs to. */
  readonly call: Pick<PictureCall, "called" | "decode">;
  /** Milliseconds of GPU time by stage, where the plan measures stages. */
  readonly stages: ReadonlyMap<string, number> | undefined;
}

/** The output of that name. @throws gpu-error when the plan has none, which is a bug */
export function outputOf({ outputs }: PictureResult, name: string): PictureOutput {
  const output = outputs.get(name);
  if (!output) throw new FcnError("gpu-error", `the plan gave no output "${name}"`);
  return output;
}

/** Milliseconds of the run alone. */
export const runTime = ({ upload, encode, gpu, readback }: RunTimings): number => upload + encode + gpu + readback;

/**
 * The times of a result that its caller gets at `end`. `made` milliseconds were spent on the result itself. What is
 * left of its wait was spent on others.
 */
export function timingsOf({ call, compile, timings }: PictureResult, end = performance.now(), made = 0): Timings {
  const { called, decode } = call;
  const own = decode + compile + runTime(timings) + made;
  const total = Math.max(end - called, own);
  return { queued: total - own, decode, compile, ...timings, readback: timings.readback + made, total };
}

/** All outputs of a run as values on the host, by name. Their shapes are [count, C, H, W]. */
export function unpackOutputs({ outputs }: HostResult): Map<string, PictureOutput> {
  const unpacked = new Map<string, PictureOutput>();
  for (const [name, { bytes, layout, ...output }] of outputs)
    unpacked.set(name, { ...output, values: layoutNamed(layout).unpack(bytes, output.shape) });
  return unpacked;
}

/** The part of a batch's outputs that belongs to one of its pictures. */
function outputsOfPicture(
  ofBatch: ReadonlyMap<string, PictureOutput>,
  index: number,
): ReadonlyMap<string, PictureOutput> {
  const ofPicture = new Map<string, PictureOutput>();
  for (const [name, output] of ofBatch) {
    const { values, shape } = output;
    const [count, channels, height, width] = shape;
    const size = values.length / count;
    const own = count === 1 ? values : values.slice(index * size, (index + 1) * size);
    ofPicture.set(name, { ...output, values: own, shape: [1, channels, height, width] });
  }
  return ofPicture;
}

/** `shrink` milliseconds were spent on making the pictures as small as the network sees them. */
export async function resultsOf(
  running: Promise<HostResult>,
  pictures: readonly RgbaPicture[],
  shrink: number,
  facts: Pick<PictureResult, "compile" | "classNames" | "call">,
): Promise<PictureResult[]> {
  const result = await running;
  const read = performance.now();
  const ofBatch = unpackOutputs(result);
  const { upload, readback, ...others } = result.timings;
  const { stages } = result;
  const outputs = pictures.map((_, index) => outputsOfPicture(ofBatch, index));
  const timings = { ...others, upload: upload + shrink, readback: readback + performance.now() - read };
  return pictures.map(({ width, height }, index) => {
    return { ...facts, width, height, outputs: outputs[index] as PictureResult["outputs"], timings, stages };
  });
}
