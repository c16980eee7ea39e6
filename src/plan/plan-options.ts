/** What a plan is made with, and what a run of it gives. */
import type { Memory } from "../gpu/memory.js";
import type { BaseLayoutName } from "../kernel/layout.js";
import type { Nchw } from "../kernel/shape.js";
import type { Precision } from "../kernel/variant.js";
import type { OnPipeline } from "./compile.js";
import type { Step } from "./lower.js";

/** Milliseconds of a run on the host's clock, by what they were spent on. */
export interface RunTimings {
  /** To hand the inputs to the GPU. Of pictures: also to make them as small as the network sees them. */
  readonly upload: number;
  /** To encode the commands and submit them. */
  readonly encode: number;
  /**
   * From the submit, or from the end of the run before on this device where that is later, until the results can be
   * read.
   */
  readonly gpu: number;
  /** To copy the results off the GPU. Of pictures: also to bring them into row order. */
  readonly readback: number;
  /** Not a time: the bands in which the plan ran, of all its sections. Absent where nothing was cut. */
  readonly bands?: number;
}

/** How a plan runs a graph. */
export interface PlanOptions {
  /** How activations and weights are stored between kernels. Default f32. */
  readonly precision?: Precision | undefined;
  /** Names the stage of a step. With it, runs measure the GPU time of each stage, where the device has timestamps. */
  readonly stageOf?: ((step: Step) => string) | undefined;
  /** Called for each pipeline of the plan that is ready, whether it was compiled now or before. */
  readonly onPipeline?: OnPipeline | undefined;
  /**
   * Runs in flight at once (default 1). With 2, the GPU works on one while the host reads the last and uploads the
   * next. Each costs a staging buffer per output. Always 1 where stages are timed.
   */
  readonly inFlight?: number;
  /**
   * False: the plan keeps no staging buffers, and its outputs stay on the GPU (runToTensors()). Default true.
   */
  readonly readback?: boolean;
  /** Gives up between two weights, or before memory is allocated. Weights that are loaded stay in the store. */
  readonly signal?: AbortSignal | undefined;
}

/** What a run of a plan brings to the host. */
export interface PlanResult {
  /** Bytes in their layout, shape [N, C, H, W] and place on the GPU, by the names of the graph's outputs. */
  readonly outputs: ReadonlyMap<
    string,
    { readonly bytes: ArrayBuffer; readonly shape: Nchw; readonly layout: BaseLayoutName; readonly memory: Memory }
  >;
  /** Milliseconds by what they were spent on. */
  readonly timings: RunTimings;
  /** Milliseconds of GPU time by stage, if the plan was made with stages and the device has timestamps. */
  readonly stages?: ReadonlyMap<string, number>;
}

type PlanOutput = PlanResult["outputs"] extends ReadonlyMap<string, infer Output> ? Output : never;

/** As PlanResult. Outputs of bands have no memory, because the next band overwrites it, and stages are not measured. */
export interface HostResult extends Omit<PlanResult, "outputs"> {
  readonly outputs: ReadonlyMap<string, Omit<PlanOutput, "memory"> & Partial<Pick<PlanOutput, "memory">>>;
}
