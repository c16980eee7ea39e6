/** The row of a network benchmark, and the task behind it. Keys are those of the JSON files in bench/results. */
import type { LayerTime } from "../src/models/layer-time.js";
import type { PrecisionOption } from "../src/models/precision.js";
import type { NetworkVariant } from "../src/node.js";
import type { VariantTotal } from "./roof.js";

/** One network to measure. Passed to the measuring process as JSON. */
export interface ModelTask {
  readonly variant: NetworkVariant;
  /** Name of the weights in results. */
  readonly weights: string;
  /** The checkpoint; without it the one that ships. */
  readonly path?: string;
  readonly width: number;
  readonly height: number;
  readonly precision: PrecisionOption;
  /** Pictures in a call. */
  readonly batch: number;
  readonly adapter?: string;
  readonly tune: boolean;
  /** Only tune and keep the choices, so that the process which measures finds them. */
  readonly tuneOnly?: boolean;
}

export interface ModelRow extends Omit<ModelTask, "path" | "adapter" | "tuneOnly"> {
  /** Milliseconds to open the device and the checkpoint. */
  readonly load: number;
  /** Milliseconds of the first call: uploads weights, compiles pipelines without the driver's cache. */
  readonly cold: number;
  /** Milliseconds of the first call at another size, 1.25 times as high. Absent in older results. */
  readonly next?: number;
  /** Milliseconds of one later call of `batch` pictures: median, least and most of `runs`. */
  readonly warm: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
  /** Medians of the parts of a warm call: host to queue, encoding, GPU (until results can be read) and reading. */
  readonly upload: number;
  readonly encode: number;
  readonly gpu: number;
  readonly readback: number;
  /** The rest of a warm call, in JavaScript. */
  readonly script: number;
  /** Pictures a second: with several in flight, or in batches. */
  readonly throughput: number;
  /** Billions of operations for one picture; 0 where layers have no times. */
  readonly gflop: number;
  readonly weightBytes: number;
  readonly planBytes: number;
  /** Largest resident size of the process in bytes. */
  readonly peakRss: number;
  /** The slowest layers of one picture, at most 12, slowest first; empty without timestamps. */
  readonly layers: readonly LayerTime[];
  /** All layers of one picture, added up by variant. Absent in older results. */
  readonly totals?: readonly VariantTotal[];
  /** Why nothing was measured. */
  readonly failed?: string;
}

/** A row for a network that could not be measured: the others still can. */
export function failedRow(
  { variant, weights, width, height, precision, batch, tune }: ModelTask,
  failed: string,
): ModelRow {
  const unknown = {
    load: NaN,
    cold: NaN,
    warm: NaN,
    min: NaN,
    max: NaN,
    upload: NaN,
    encode: NaN,
    gpu: NaN,
    readback: NaN,
    script: NaN,
    throughput: NaN,
    gflop: NaN,
    weightBytes: NaN,
    planBytes: NaN,
    peakRss: NaN,
  };
  return { variant, weights, width, height, precision, batch, tune, ...unknown, runs: 0, layers: [], failed };
}
