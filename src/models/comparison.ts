/**
 * FCN-32s, 16s and 8s side by side: one graph with the backbone once and a head for each variant, so that a picture costs one
 * backbone; or torchvision's network alone. Measures what is shared and what each head adds. The class for using one network is
 * segmenter.ts.
 */
import { ABORTABLE_KINDS } from "../base/abort.js";
import type { Abortable } from "../base/abort.js";
import { FcnError } from "../base/errors.js";
import { badOption, checkOneOf, checkOptions } from "../base/options.js";
import type { Kinds } from "../base/options.js";
import type { Device, LostListener } from "../gpu/device.js";
import { bindingOf } from "../gpu/memory.js";
import { defaultNames } from "../image/palette.js";
import { toRgba } from "../image/picture.js";
import type { Picture } from "../image/picture.js";
import type { VariantChoice } from "../kernel/choice.js";
import { layouts } from "../kernel/layout.js";
import type { Precision } from "../kernel/variant.js";
import { Graph } from "../plan/graph.js";
import type { Plan, PlanResult, RunTimings } from "../plan/plan.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { inputBytes } from "./batches.js";
import { COMPARABLE, COMPARED, SHARED, comparedNetworks } from "./compared.js";
import type { ComparedNetworks, ComparedVariant } from "./compared.js";
import { ALL, countCost } from "./network-cost.js";
import type { CountedCost, NetworkCost } from "./network-cost.js";
import { checkKernelsOf, normalisedInput, pictureTooLarge } from "./output-graph.js";
import { PixelScores } from "./pixel-scores.js";
import type { FinalStep } from "./pixel-scores.js";
import { PRECISIONS, precisionOn } from "./precision.js";
import type { PrecisionOption } from "./precision.js";
import { IMAGENET, checkPreprocessing } from "./preprocessing.js";
import type { Preprocessing, Resize } from "./preprocessing.js";
import { Runtime } from "./runtime.js";
import type { RuntimeOptions } from "./runtime.js";
import { TORCHVISION_VARIANT } from "./torchvision.js";

export interface ComparisonOptions extends Pick<RuntimeOptions, "openDevice" | "recover" | "maxPlans" | "tuning"> {
  readonly variants?: readonly ComparedVariant[];
  readonly preprocessing?: Preprocessing;
  readonly kernels?: VariantChoice | undefined;
  /** How activations and weights are stored between kernels. Default f32. */
  readonly precision?: PrecisionOption;
  /** Called while a plan is made, for each of its pipelines that is ready. */
  readonly onPipeline?: (ready: number, total: number) => void;
}

const COMPARISON_KINDS: Kinds<ComparisonOptions> = {
  variants: "an array",
  preprocessing: "an object",
  kernels: "an object",
  precision: "a string",
  onPipeline: "a function",
  openDevice: "a function",
  recover: "a string",
  maxPlans: "a number",
  tuning: "an object",
};

export interface ComparisonRunOptions extends Abortable {
  /** Also bring the scores off the GPU, so that pixels can be asked for their probabilities. Default false. */
  readonly scores?: boolean;
}

export interface ComparisonResult {
  readonly width: number;
  readonly height: number;
  readonly labels: Readonly<Record<string, Uint8Array>>;
  /** Milliseconds from RGBA to all label maps, without making the plan. */
  readonly total: number;
  /** Milliseconds it took to make the plan; 0 when the size was seen before. */
  readonly compile: number;
  /** Milliseconds of GPU time: "shared" and each variant's head. Absent where the device has no timestamps. */
  readonly stages?: Readonly<Record<string, number>>;
  /** Milliseconds on the host's clock, parts of `total`. */
  readonly timings: RunTimings;
  /** Where each variant's label map lies on the GPU, a byte a pixel in row order: to draw or go on from. Holds until the next run. */
  readonly buffers: Readonly<Record<string, GPUBufferBinding>>;
  /** Each variant's logits and probabilities by pixel, where they were asked for. */
  readonly scores?: Readonly<Record<string, PixelScores>>;
}

export class Comparison {
  readonly variants: readonly ComparedVariant[];
  readonly classes: number;
  readonly classNames: readonly string[];
  /** Shorter side of pictures as the networks see them; label maps have the picture's size all the same. */
  readonly resize: Resize;
  readonly #networks: ComparedNetworks;
  readonly #runtime: Runtime;
  readonly #preprocessing: Preprocessing;
  readonly #kernels: VariantChoice | undefined;
  readonly #precision: PrecisionOption;
  readonly #onPipeline: ComparisonOptions["onPipeline"];

  /** @throws bad-weights when the checkpoint lacks the backbone or one of the heads, or the heads differ in their classes; bad-option */
  constructor(
    device: Device,
    readonly checkpoint: Checkpoint,
    options: ComparisonOptions = {},
  ) {
    checkOptions("new Comparison(device, checkpoint, { variants: ... })", options, COMPARISON_KINDS);
    const { variants = COMPARED, preprocessing = IMAGENET, kernels, precision = "f32", onPipeline } = options;
    checkOneOf("precision", precision, PRECISIONS);
    for (const variant of variants) checkOneOf("variant", variant, COMPARABLE);
    this.#networks = comparedNetworks(checkpoint, variants);
    this.variants = variants;
    this.resize = this.#networks.resize;
    this.classes = this.#networks.classes;
    this.classNames = defaultNames(this.classes);
    this.#preprocessing = checkPreprocessing(preprocessing);
    if (kernels) checkKernelsOf([this.#graph(variants, 61, 61)], kernels);
    this.#kernels = kernels;
    this.#precision = precision;
    this.#onPipeline = onPipeline;
    this.#runtime = new Runtime({ ...options, name: "the comparison", device });
  }

  /** The device in use; another one after recover(). */
  get device(): Device {
    return this.#runtime.device;
  }

  /** How activations and weights are stored between kernels on the device in use. */
  get precision(): Precision {
    return precisionOn(this.device, this.#precision);
  }

  /** Bytes of GPU memory in use, for all variants together. */
  get memory(): { weights: number; plans: number } {
    return this.#runtime.memory;
  }

  /** As of a model: called once for each device that is lost; returns what takes the listener off again. */
  onLost(listener: LostListener): () => void {
    return this.#runtime.onLost(listener);
  }

  /** As of a model: the comparison on a new device, or on `device`, after the one in use was lost. @throws no-adapter, bad-option, disposed */
  recover(device?: Device): Promise<void> {
    return this.#runtime.recover(device);
  }

  /** The label map of every variant. @throws bad-image, bad-option, limit-too-small, device-lost, disposed */
  async run(image: Picture, options: ComparisonRunOptions = {}): Promise<ComparisonResult> {
    checkOptions("run(picture, { scores: ... })", options, { ...ABORTABLE_KINDS, scores: "a boolean" });
    const { scores = false, signal } = options;
    return this.#runtime.call(async () => {
      if (scores && this.variants.includes(TORCHVISION_VARIANT))
        throw new FcnError(
          "bad-option",
          `compare: scores of single pixels are there for ${COMPARED.join(", ")}, not for ${TORCHVISION_VARIANT}`,
        );
      const picture = toRgba(image);
      const { width, height } = picture;
      const start = performance.now();
      const plan = await this.#runtime.plans.get(`${height}x${width}${scores ? " scores" : ""}`, () =>
        this.#plan(this.variants, height, width, { timed: true, scores, signal }),
      );
      signal?.throwIfAborted();
      const made = performance.now();
      const { outputs, stages, timings } = await plan.run({ picture: inputBytes([picture], this.resize) });
      const each = <T>(of: (output: Output, variant: ComparedVariant) => T): Record<string, T> =>
        Object.fromEntries(this.variants.map((v) => [v, of(outputs.get(v) as Output, v)]));
      const labels = each(({ bytes, layout, shape }) => layouts[layout].unpack(bytes, shape) as Uint8Array);
      const buffers = each(({ memory }) => bindingOf(memory) as GPUBufferBinding);
      const total = performance.now() - made;
      const times = stages && stages.size ? { stages: Object.fromEntries(stages) } : {};
      const result = { width, height, labels, buffers, compile: made - start, total, timings, ...times };
      return scores ? { ...result, scores: await this.#pixelScores(outputs, width, height) } : result;
    }, signal);
  }

  async #pixelScores(
    outputs: PlanResult["outputs"],
    width: number,
    height: number,
  ): Promise<Record<string, PixelScores>> {
    const pairs = this.variants.map(async (variant) => {
      const { bytes, layout, shape } = outputs.get(scoresOf(variant)) as Output;
      const final = (await this.#networks.finalStep(variant)) as FinalStep;
      return [
        variant,
        new PixelScores(width, height, layouts[layout].unpack(bytes, shape) as Float32Array, shape, final),
      ] as const;
    });
    return Object.fromEntries(await Promise.all(pairs));
  }

  /**
   * Runs variants alone, or all of them over one backbone, on a grey picture and adds up what each costs. They take turns, so
   * that a machine that slows down for a while slows them all. @throws bad-option, limit-too-small, device-lost, disposed
   */
  async measure(
    measured: readonly NetworkCost["variant"][],
    height: number,
    width: number,
    rounds = 5,
  ): Promise<NetworkCost[]> {
    for (const variant of measured) checkOneOf("measure: variant", variant, [...this.variants, ALL]);
    if (!Number.isInteger(rounds) || rounds < 1)
      throw badOption(`measure: rounds must be a whole number of 1 or more, got ${rounds}`);
    return this.#runtime.call(async () => {
      const plans: { readonly variant: NetworkCost["variant"]; readonly plan: Plan; readonly times: number[] }[] = [];
      try {
        for (const variant of measured)
          plans.push({
            variant,
            plan: await this.#plan(variant === ALL ? this.variants : [variant], height, width),
            times: [],
          });
        const picture = toRgba({ width, height, data: new Uint8Array(height * width * 4).fill(128) });
        for (let round = 0; round <= rounds; round++) {
          for (const { plan, times } of plans) {
            const start = performance.now();
            const { outputs } = await plan.run({ picture: inputBytes([picture], this.resize) });
            for (const { bytes, layout, shape } of outputs.values()) layouts[layout].unpack(bytes, shape);
            if (round > 0) times.push(performance.now() - start); // the first run is warming up
          }
        }
        return await Promise.all(
          plans.map(async ({ variant, plan, times }) => ({
            variant,
            width,
            height,
            ms: Math.min(...times),
            ...(await this.#costOf(variant, plan)),
          })),
        );
      } finally {
        for (const { plan } of plans) plan.dispose();
      }
    });
  }

  #costOf(variant: NetworkCost["variant"], plan: Plan): Promise<CountedCost> {
    const heads = (variant === ALL ? this.variants : [variant]).map((v) => this.#networks.prefixOf(v));
    return countCost(plan, this.#runtime.store, this.checkpoint, heads, (label) => this.#stageOf(label));
  }

  /** Heads prefix their steps with their name; conversions of the backbone's features belong to the backbone. */
  #stageOf(label: string): string {
    return this.variants.find((variant) => label.startsWith(this.#networks.prefixOf(variant))) ?? SHARED;
  }

  #graph(variants: readonly ComparedVariant[], height: number, width: number, scores = false): Graph {
    const graph = new Graph();
    const x = normalisedInput(graph, { preprocessing: this.#preprocessing, resize: this.resize }, 1, height, width);
    for (const [variant, { labels, scores: own }] of this.#networks.apply(graph, x, variants, [height, width])) {
      graph.output(variant, labels);
      if (scores && own) graph.output(scoresOf(variant), own);
    }
    return graph;
  }

  async #plan(
    variants: readonly ComparedVariant[],
    height: number,
    width: number,
    { timed = false, scores = false, signal }: { timed?: boolean; scores?: boolean } & Abortable = {},
  ): Promise<Plan> {
    try {
      return await this.#runtime.plan(this.#graph(variants, height, width, scores), this.#kernels, {
        precision: this.precision,
        stageOf: timed ? (step) => this.#stageOf(step.label) : undefined,
        onPipeline: this.#onPipeline,
        signal,
      });
    } catch (error) {
      throw pictureTooLarge(error, height, width, this.resize);
    }
  }

  /** Frees weights and plans once what is queued has ended, and a device that `openDevice` opened; the checkpoint stays the caller's. Idempotent. */
  dispose(): void {
    this.#runtime.dispose();
  }
}

type Output = PlanResult["outputs"] extends ReadonlyMap<string, infer O> ? O : never;

const scoresOf = (variant: ComparedVariant): string => `${variant} scores`;
