/**
 * GPU time of the stages of a plan. Consecutive steps of one stage share a compute pass, and two timestamps enclose
 * each pass. Everything is created with the plan; a run only writes and reads. Needs the device feature
 * `timestamp-query`. https://www.w3.org/TR/webgpu/#timestamp
 */
import { badOption } from "../../base/errors.js";
import { release } from "../../gpu/allocations.js";
import type { Device } from "../../gpu/device.js";
import { BUFFER } from "../../gpu/flags.js";
import type { TimedPass, TimesStages } from "./stages.js";

/** The most a query set may have. https://www.w3.org/TR/webgpu/#dom-gpudevice-createqueryset */
const MAX_QUERIES = 4096;
/** A timestamp is a u64 of nanoseconds. */
const TIMESTAMP_BYTES = 8;
const NS_PER_MS = 1e6;

export class StageTimer implements TimesStages {
  readonly #queries: GPUQuerySet;
  readonly #resolved: GPUBuffer;

  private constructor(
    readonly passes: readonly TimedPass[],
    /** Receives the timestamps; mapped after a run. */
    readonly staging: GPUBuffer,
    queries: GPUQuerySet,
    resolved: GPUBuffer,
  ) {
    this.#queries = queries;
    this.#resolved = resolved;
  }

  /**
   * `stages` names the stage of every dispatch. What is created is added to `owned`. Undefined where the device has no
   * timestamps. @throws bad-option for more stages than a query set holds
   */
  static create(device: Device, stages: readonly string[], owned: { destroy(): void }[]): StageTimer | undefined {
    if (!device.features.has("timestamp-query") || stages.length === 0) return undefined;
    const starts = stages.flatMap((stage, i) => (stage === stages[i - 1] ? [] : [i]));
    const count = starts.length * 2;
    if (count > MAX_QUERIES) {
      const needed = `${starts.length} passes need ${count} timestamps`;
      throw badOption(`stages: ${needed}, a query set holds ${MAX_QUERIES}; name fewer stages`);
    }
    const { gpu, allocations } = device;
    const size = count * TIMESTAMP_BYTES;
    const queries = gpu.createQuerySet({ label: "stages", type: "timestamp", count });
    const resolved = allocations.buffer({ label: "stages", size, usage: BUFFER.QUERY_RESOLVE | BUFFER.COPY_SRC });
    const staging = allocations.buffer({ label: "staging stages", size, usage: BUFFER.MAP_READ | BUFFER.COPY_DST });
    owned.push(queries, { destroy: () => release(resolved) }, { destroy: () => release(staging) });
    const passes = starts.map((from, i): TimedPass => {
      const timestampWrites = { querySet: queries, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 };
      const to = starts[i + 1] ?? stages.length;
      return { stage: stages[from] as string, from, to, descriptor: { timestampWrites } };
    });
    return new StageTimer(passes, staging, queries, resolved);
  }

  /** Appends the commands that copy the timestamps to `staging`. */
  encode(encoder: GPUCommandEncoder): void {
    const count = this.passes.length * 2;
    encoder.resolveQuerySet(this.#queries, 0, count, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.staging, 0, count * TIMESTAMP_BYTES);
  }

  /**
   * Milliseconds of every stage, read from the mapped `staging`, which it unmaps. A pass counts from the end of the
   * pass before it, because drivers may stamp its begin while that one still runs. A clock that ran backwards counts as
   * 0.
   */
  read(): Map<string, number> {
    const ticks = new BigUint64Array(this.staging.getMappedRange());
    const times = new Map<string, number>();
    let previousEnd = 0n;
    this.passes.forEach(({ stage }, i) => {
      const begin = ticks[2 * i] as bigint;
      const end = ticks[2 * i + 1] as bigint;
      const start = begin > previousEnd ? begin : previousEnd;
      const ms = Math.max(0, Number(end - start) / NS_PER_MS);
      if (end > previousEnd) previousEnd = end;
      times.set(stage, (times.get(stage) ?? 0) + ms);
    });
    this.staging.unmap();
    return times;
  }
}
