/** The row of a kernel benchmark: one variant at one problem. Its keys are those of the JSON files in bench/results. */
import type { Precision } from "../src/kernel/variant.js";

export interface KernelRow {
  readonly kernel: string;
  readonly case: string;
  readonly variant: string;
  /** How the variant stores activations. */
  readonly precision: Precision;
  /** Whether a plan of that precision takes the variant here. */
  readonly chosen: boolean;
  readonly flops: number;
  readonly bytes: number;
  /** Milliseconds of one dispatch: median, least and quartiles of the rounds. */
  readonly ms: number;
  readonly min: number;
  readonly p25: number;
  readonly p75: number;
  /** Dispatches that a time was taken over. */
  readonly repeats: number;
  /** Whose clock: the GPU's, or the host's from submit to result. */
  readonly clock: "gpu" | "host";
  /** Fractions of peak FLOP/s and bandwidth; `share` is the larger. A variant on tensor cores has their peak. */
  readonly ofCompute: number;
  readonly ofMemory: number;
  readonly share: number;
  readonly bound: "compute" | "memory";
  /** Why there is no time: the result was wrong, or the variant failed. */
  readonly failed?: string;
}

/** How plots and tables name a row's case. */
export const caseName = (row: Pick<KernelRow, "kernel" | "case">): string => `${row.kernel}: ${row.case}`;

/** What is known of a row before anything runs. */
export type UntimedKernel = Pick<
  KernelRow,
  "kernel" | "case" | "variant" | "precision" | "chosen" | "flops" | "bytes" | "bound"
>;

/** A row without times, and the reason. */
export const failedKernel = (known: UntimedKernel, failed: string): KernelRow => ({
  ...known,
  ms: NaN,
  min: NaN,
  p25: NaN,
  p75: NaN,
  repeats: 0,
  clock: "gpu",
  ofCompute: NaN,
  ofMemory: NaN,
  share: NaN,
  failed,
});
