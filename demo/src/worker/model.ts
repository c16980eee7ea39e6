/** What the page needs of a checkpoint's networks. */
import type { Checkpoint, Device, Picture, Precision, RunTimings } from "fcn-webgpu";
import { PREPARE_STAGE } from "../messages.js";
import type { ChosenWeights, NetworkInfo, StageTime } from "../messages.js";

export interface ModelResult {
  /** Label maps by variant. */
  readonly labels: Readonly<Record<string, Uint8Array>>;
  /** The same on the GPU, until the next run. Empty if they are not there. */
  readonly buffers: Readonly<Record<string, GPUBufferBinding>>;
  readonly times: readonly StageTime[];
  /** Probability of every class at a pixel. @throws device-lost */
  readonly probabilities: (variant: string, x: number, y: number) => Promise<Float32Array>;
}

export interface Model {
  readonly variants: readonly string[];
  readonly classNames: readonly string[];
  readonly description: string;
  readonly notice: string | undefined;
  /** Undefined where new heads cannot be taught on its backbone. */
  readonly checkpoint: Checkpoint | undefined;
  /** How numbers are stored between the layers on the current device. */
  readonly precision: Precision;
  /** @throws device-lost, limit-too-small, the signal's reason */
  run(picture: Picture, signal: AbortSignal): Promise<ModelResult>;
  /** Moves to another device after a loss. */
  recover(device: Device): Promise<void>;
  dispose(): void;
}

/** All stages of a run, in order. `networks` are the stages of the networks themselves. */
export function stageTimes(compile: number, timings: RunTimings, networks: readonly StageTime[]): StageTime[] {
  return [
    { name: PREPARE_STAGE, ms: compile },
    { name: "Upload", ms: timings.upload + timings.encode },
    ...networks,
    { name: "Read back", ms: timings.readback },
  ];
}

/** What the page says about a model. The file of the built-in weights is not sent back. */
export function networkInfo(model: Model, asked: Pick<NetworkInfo, "weights" | "precision">): NetworkInfo {
  const { variants, classNames, description, notice, precision: stored } = model;
  const { precision } = asked;
  const weights: ChosenWeights = asked.weights.kind === "built-in" ? { kind: "built-in" } : asked.weights;
  return { weights, precision, stored, variants, classNames, description, notice };
}

/** @throws Error with a sentence where new heads cannot be taught */
export function teachableCheckpoint(model: Model | undefined): Checkpoint {
  if (model?.checkpoint) return model.checkpoint;
  throw new Error("this network stands on its own: load the built-in weights, or an FCN-32s, 16s or 8s, to teach");
}
