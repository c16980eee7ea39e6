/** What a run gives for each of its pictures: the outputs of its plan as values on the host, and the times. */
import { FcnError } from "../base/errors.js";
import type { Memory } from "../gpu/memory.js";
import { layoutNamed } from "../kernel/layout.js";
import type { HostArray } from "../kernel/layout.js";
import type { Nchw } from "../kernel/shape.js";
import type { PlanResult, RunTimings } from "../plan/plan.js";

/** One output of one picture. */
export interface PictureOutput {
  /** [1, C, H, W] in row order. */
  readonly values: HostArray;
  readonly shape: Nchw;
  /** Where the values of the whole batch lie on the GPU. Holds until the next run. */
  readonly memory: Memory;
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
  /** Milliseconds from RGBA to all outputs on the host, for the whole batch, once there is a plan. */
  readonly elapsed: number;
  readonly timings: RunTimings;
  /** Milliseconds of GPU time by stage, where the plan measures stages. */
  readonly stages: ReadonlyMap<string, number> | undefined;
}

/** The output of that name. @throws gpu-error when the plan has none, which is a bug */
export function outputOf({ outputs }: PictureResult, name: string): PictureOutput {
  const output = outputs.get(name);
  if (!output) throw new FcnError("gpu-error", `the plan gave no output "${name}"`);
  return output;
}

/** All outputs of a run as values on the host, by name. Their shapes are [count, C, H, W]. */
export function unpackOutputs({ outputs }: PlanResult): Map<string, PictureOutput> {
  const unpacked = new Map<string, PictureOutput>();
  for (const [name, { bytes, layout, shape, memory }] of outputs)
    unpacked.set(name, { values: layoutNamed(layout).unpack(bytes, shape), shape, memory });
  return unpacked;
}

/** The part of a batch's outputs that belongs to one of its pictures. */
export function outputsOfPicture(
  ofBatch: ReadonlyMap<string, PictureOutput>,
  index: number,
): ReadonlyMap<string, PictureOutput> {
  const ofPicture = new Map<string, PictureOutput>();
  for (const [name, { values, shape, memory }] of ofBatch) {
    const [count, channels, height, width] = shape;
    const size = values.length / count;
    const own = count === 1 ? values : values.slice(index * size, (index + 1) * size);
    ofPicture.set(name, { values: own, shape: [1, channels, height, width], memory });
  }
  return ofPicture;
}
