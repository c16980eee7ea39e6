/** What a plan needs of the timer of its stages, which is loaded where stages are timed. */

/** Consecutive dispatches of one stage. */
export interface TimedPass {
  readonly stage: string;
  /** First dispatch, and the one after the last. */
  readonly from: number;
  readonly to: number;
  readonly descriptor: GPUComputePassDescriptor;
}

/** Times the stages of a plan's runs: StageTimer. */
export interface TimesStages {
  readonly passes: readonly TimedPass[];
  /** Receives the timestamps; mapped after a run. */
  readonly staging: GPUBuffer;
  /** Appends the commands that copy the timestamps to `staging`. */
  encode(encoder: GPUCommandEncoder): void;
  /** Milliseconds of every stage, read from the mapped `staging`, which it unmaps. */
  read(): Map<string, number>;
}
