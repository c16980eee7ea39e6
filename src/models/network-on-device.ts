/**
 * A network on one device: its weights, its plans and the choice of its kernel variants. All of it is lost with the
 * device; runtime.ts then makes another one. It does not queue: the session (session.ts) sees to it that calls do not
 * overlap.
 */
import { isFcnError, isTooLarge } from "../base/errors.js";
import type { FcnError } from "../base/errors.js";
import type { Device } from "../gpu/device.js";
import { checkFits } from "../gpu/memory.js";
import type { VariantChoice, VariantPick } from "../kernel/choice.js";
import { layouts } from "../kernel/layout.js";
import type { DeviceTraits, Precision } from "../kernel/variant.js";
import type { Weight } from "../kernel/weight.js";
import { importBands } from "../plan/bands/import-bands.js";
import type { Graph } from "../plan/graph.js";
import { Plan } from "../plan/plan.js";
import type { PlanOptions } from "../plan/plan-options.js";
import { WeightStore } from "../plan/weight-store.js";
import { openTuner } from "../tuning/open-tuner.js";
import type { ChoosesVariants, TuningOptions } from "../tuning/open-tuner.js";
import type { Batch } from "./batches.js";
import { importExtras } from "./extras/import-extras.js";
import type { PixelSize } from "./network.js";
import { PlanCache } from "./plans.js";
import type { PicturePlan } from "./plans.js";
import { precisionOn } from "./precision.js";
import type { PrecisionOption } from "./precision.js";
import { networkSize, uploadSize } from "./preprocessing.js";
import type { Resize } from "./preprocessing.js";

/** A network before it has a device. */
export interface NetworkPlans<Kind extends string> extends TuningOptions {
  /** The graph of a batch, and how its plan stores activations. Its input is "picture". */
  readonly graphOf: (batch: Batch<Kind>, precision: Precision) => Graph;
  /** Of all pictures, or of those of each kind. */
  readonly resize: Resize | ((kind: Kind) => Resize);
  /** Kernel variants that a caller named. Others are kept choices, or the defaults. */
  readonly kernels?: VariantChoice | undefined;
  /** Default f32. */
  readonly precision?: PrecisionOption | undefined;
  /** How the plans that are kept run. */
  readonly planOptions: (kind: Kind) => PlanOptions;
  /** Plans kept at once (default 4). Each holds its activations. */
  readonly maxPlans?: number | undefined;
  /** Rows of a band, as the network sees it. With it every picture is cut. Default: those too large, or slow whole. */
  readonly tile?: number | undefined;
}

const DEFAULT_MAX_PLANS = 4;

export class NetworkOnDevice<Kind extends string> {
  readonly store: WeightStore;
  /** Milliseconds in which planFor() made its last plan; 0 where that was kept. */
  compile = 0;
  readonly #network: NetworkPlans<Kind>;
  readonly #plans: PlanCache;
  #tuner: ChoosesVariants | undefined;

  constructor(
    readonly device: Device,
    network: NetworkPlans<Kind>,
  ) {
    const { maxPlans = DEFAULT_MAX_PLANS } = network;
    this.#network = network;
    this.store = new WeightStore(device);
    this.#plans = new PlanCache(maxPlans);
  }

  /** How activations and weights are stored between kernels here. */
  get precision(): Precision {
    return precisionOn(this.device, this.#network.precision ?? "f32");
  }

  /** Bytes of GPU memory in use. */
  get memory(): { weights: number; plans: number } {
    return { weights: this.store.bytes, plans: this.#plans.bytes };
  }

  /** How pictures are resized for this kind of output. */
  resizeOf(kind: Kind): Resize {
    const { resize } = this.#network;
    return typeof resize === "function" ? resize(kind) : resize;
  }

  /** The kept plan of a batch, made where there is none yet. Calls must not overlap. @throws as makePlan() */
  async planFor(batch: Batch<Kind>, signal: AbortSignal | undefined): Promise<PicturePlan> {
    const { kind, count, height, width } = batch;
    const key = `${kind} ${count}x${height}x${width}`;
    const kept = this.#plans.find(key);
    this.compile = 0;
    if (kept) return kept;
    const start = performance.now();
    const options = { ...this.#network.planOptions(kind), signal };
    const seen = networkSize(height, width, this.resizeOf(kind));
    const isCut = options.readback !== false && !!(this.#network.tile ?? isSlowWhole(this.device, seen));
    // The session then runs the pictures one by one. Kept plans stay.
    if (isCut && count > 1) throw (await importBands()).oneAtATime(count);
    // Room is made before the plan, so that the peak of memory is one plan lower.
    this.#plans.makeRoom();
    const make = (): Promise<PicturePlan> => this.#newPlan(batch, options, isCut);
    const plan = await make().catch((error: unknown) => {
      if (!this.#mayFree(error)) throw error;
      this.#plans.dispose();
      return make();
    });
    this.#plans.keep(key, plan);
    this.compile = performance.now() - start;
    return plan;
  }

  /** Whether the memory of kept plans may be what is missing. */
  #mayFree(error: unknown): boolean {
    return isFcnError(error, "out-of-memory") && this.#plans.size > 0;
  }

  /** A plan of the whole picture, or in bands where that does not fit or would be slow. */
  async #newPlan(batch: Batch<Kind>, options: PlanOptions, isCut: boolean): Promise<PicturePlan> {
    const { tile, graphOf } = this.#network;
    let tooLarge: unknown;
    if (!isCut) {
      try {
        return await this.makePlan(batch, options);
      } catch (error) {
        if (this.#mayFree(error) || !isTooLarge(error) || batch.count > 1 || options.readback === false) throw error;
        tooLarge = error;
      }
    }
    const { device, store, precision } = this;
    return (await importBands()).planInBands({
      ...{ device, store, precision, options, tile, tooLarge },
      choiceOf: (graph) => this.#choiceFor(graph, options.signal),
      refused: (error) => this.#refused(error, batch),
      batch,
      graphOf: ([height, width]) => graphOf({ ...batch, height, width }, precision),
    });
  }

  /** The variants of a graph: those that the caller named, measured or kept ones, or the defaults. */
  async #choiceFor(graph: Graph, signal: AbortSignal | undefined): Promise<VariantChoice | VariantPick | undefined> {
    const { kernels } = this.#network;
    this.#tuner ??= await openTuner(this.device, this.#network);
    return (await this.#tuner?.choose(graph, kernels, this.precision, signal)) ?? kernels;
  }

  /**
   * A plan of the whole picture that is not kept, for measurements: the caller disposes of it.
   * @throws limit-too-small and out-of-memory with the picture's size; bad-option, bad-weights, device-lost,
   * the signal's reason
   */
  async makePlan(batch: Batch<Kind>, options: PlanOptions): Promise<Plan> {
    const { kind, count, height, width } = batch;
    const resize = this.resizeOf(kind);
    const { device, precision } = this;
    try {
      // Checked before the graph is built: at sizes beyond any device a kernel would complain about its shapes instead.
      checkFits(device, "picture", layouts.rgba8, [count, 4, ...uploadSize(height, width, resize)]);
      checkFits(device, "labels", layouts.u8, [count, 1, height, width]);
      const graph = this.#network.graphOf(batch, precision);
      const choice = await this.#choiceFor(graph, options.signal);
      return await Plan.create(device, graph, this.store, choice, { precision, ...options });
    } catch (error) {
      if (!isTooLarge(error) && !isFcnError(error, "bad-shape")) throw error;
      throw await this.#refused(error, batch);
    }
  }

  /** The error with the picture's size and the cure, if it is about the size. */
  async #refused(error: FcnError, batch: Batch<Kind>): Promise<FcnError> {
    const graphOf = (small: Batch<Kind>): Graph => this.#network.graphOf(small, this.precision);
    return (await importExtras()).pictureTooLarge(error, { batch, resize: this.resizeOf(batch.kind), graphOf });
  }

  /** Frees these weights, and the kept plans that use them. No run of those plans may be waiting. */
  async forget(weights: ReadonlySet<Weight>): Promise<void> {
    this.#plans.drop(({ steps }) => steps.some((step) => Object.values(step.weights).some((w) => weights.has(w))));
    await this.store.free(weights);
  }

  /** Frees the weights, and the plans once the runs in flight have ended. The device stays. */
  dispose(): void {
    this.#plans.dispose();
    this.store.dispose();
  }
}

/** A side beyond which maps do not fit the textures of software adapters (texture.ts). */
const TEXTURE_SIDE = 8192;

/** What padding may add to a side. */
const MOST_PADDING = 32;

/**
 * Software adapters are fast on what fits their textures and grids only. A convolution of stride 2 takes at most 2^18
 * pixels a lane: 65,535 workgroups, and four pixels of its result for each lane.
 */
export function isSlowWhole(
  { software, subgroupSize }: Pick<DeviceTraits, "software" | "subgroupSize">,
  [height, width]: PixelSize,
): boolean {
  const pixels = (height + MOST_PADDING) * (width + MOST_PADDING);
  return software && (Math.max(height, width) >= TEXTURE_SIDE || pixels >= (subgroupSize || 8) * 2 ** 20);
}
