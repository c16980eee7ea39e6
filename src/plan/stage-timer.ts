/**
 * GPU time of the parts of a plan: consecutive steps of one stage share a compute pass, and each pass is fenced by two
 * timestamps. Everything is made with the plan; a run only writes and reads. Needs the device feature `timestamp-query`.
 * https://www.w3.org/TR/webgpu/#timestamp
 */
import { FcnError } from "../base/errors.js";
import { release } from "../gpu/allocations.js";
import type { Device } from "../gpu/device.js";
import { BUFFER } from "../gpu/flags.js";

/** What a device allows in one query set (https://www.w3.org/TR/webgpu/#dom-gpudevice-createqueryset). */
const MAX_QUERIES = 4096;

interface Pass {
  readonly stage: string;
  /** First dispatch, and the one after the last. */
  readonly from: number;
  readonly to: number;
  readonly descriptor: GPUComputePassDescriptor;
}

export class StageTimer {
  private constructor(
    readonly passes: readonly Pass[],
    /** Nanoseconds, ready to be mapped after a run. */
    readonly staging: GPUBuffer,
    private readonly queries: GPUQuerySet,
    private readonly resolved: GPUBuffer,
  ) {}

  /** `stages` names the stage of every dispatch; what is made is added to `owned`. Undefined where the device has no timestamps. */
  static create(device: Device, stages: readonly string[], owned: { destroy(): void }[]): StageTimer | undefined {
    if (!device.features.has("timestamp-query") || stages.length === 0) return undefined;
    const starts = stages.flatMap((stage, i) => (stage === stages[i - 1] ? [] : [i]));
    const count = starts.length * 2;
    if (count > MAX_QUERIES)
      throw new FcnError(
        "bad-option",
        `stages: ${starts.length} passes need ${count} timestamps, a query set holds ${MAX_QUERIES}; name fewer stages`,
      );
    const { gpu, allocations } = device;
    const queries = gpu.createQuerySet({ label: "stages", type: "timestamp", count });
    const resolved = allocations.buffer({
      label: "stages",
      size: count * 8,
      usage: BUFFER.QUERY_RESOLVE | BUFFER.COPY_SRC,
    });
    const staging = allocations.buffer({
      label: "staging stages",
      size: count * 8,
      usage: BUFFER.MAP_READ | BUFFER.COPY_DST,
    });
    owned.push(queries, ...[resolved, staging].map((buffer) => ({ destroy: () => release(buffer) })));
    const passes = starts.map((from, i): Pass => {
      const timestampWrites = { querySet: queries, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 };
      return {
        stage: stages[from] as string,
        from,
        to: starts[i + 1] ?? stages.length,
        descriptor: { timestampWrites },
      };
    });
    return new StageTimer(passes, staging, queries, resolved);
  }

  /** Appends what brings the timestamps to `staging`. */
  encode(encoder: GPUCommandEncoder): void {
    const count = this.passes.length * 2;
    encoder.resolveQuerySet(this.queries, 0, count, this.resolved, 0);
    encoder.copyBufferToBuffer(this.resolved, 0, this.staging, 0, count * 8);
  }

  /**
   * Milliseconds of every stage, from the mapped `staging`, which it unmaps. A pass counts from the end of the one before: drivers may
   * stamp its begin while that one still runs. A clock that ran backwards counts as 0.
   */
  read(): Map<string, number> {
    const ticks = new BigUint64Array(this.staging.getMappedRange());
    const times = new Map<string, number>();
    let before = 0n;
    this.passes.forEach(({ stage }, i) => {
      const [begin, end] = [ticks[2 * i] as bigint, ticks[2 * i + 1] as bigint];
      const spent = Number(end - (begin > before ? begin : before)) / 1e6;
      if (end > before) before = end;
      times.set(stage, (times.get(stage) ?? 0) + Math.max(0, spent));
    });
    this.staging.unmap();
    return times;
  }
}
