/**
 * FCN-32s, 16s and 8s side by side: one graph with the backbone once and a head for each variant, so that a picture costs one
 * backbone. Measures what is shared and what each head adds. The class for using one network is segmenter.ts.
 */
import { normalize } from "../../shaders/normalize/kernel.js";
import type { Abortable } from "../abort.js";
import type { Device } from "../device.js";
import { FcnError } from "../errors.js";
import { Graph } from "../graph.js";
import { VOC_CLASSES } from "../image/palette.js";
import { toRgba } from "../image/picture.js";
import type { Picture } from "../image/picture.js";
import type { Precision } from "../kernel.js";
import { layouts } from "../layout.js";
import type { VariantChoice } from "../lower.js";
import { bindingOf } from "../memory.js";
import type { Plan } from "../plan.js";
import type { PlanResult, RunTimings } from "../plan.js";
import { plainPacking } from "../weight-store.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { Parameters } from "../weights/parameters.js";
import { FcnHead } from "./fcn.js";
import { PixelScores } from "./pixel-scores.js";
import { IMAGENET, constant } from "./preprocessing.js";
import type { Preprocessing } from "./preprocessing.js";
import { ResNet101 } from "./resnet101.js";
import { Runtime } from "./runtime.js";
import type { LostListener, RuntimeOptions } from "./runtime.js";

/** The variants that stand on one and the same backbone. */
export const COMPARED = ["fcn32s", "fcn16s", "fcn8s"] as const;
export type ComparedVariant = (typeof COMPARED)[number];

/** The stage of all that the variants share: normalisation and backbone. The other stages are the variants. */
export const SHARED = "shared";

/** All variants in one plan, where a single one could be named. */
export const ALL = "all" as const;

export interface ComparisonOptions extends Pick<RuntimeOptions, "openDevice" | "recover" | "maxPlans" | "tuning"> {
  readonly variants?: readonly ComparedVariant[];
  readonly preprocessing?: Preprocessing;
  readonly kernels?: VariantChoice | undefined;
  /** How activations and weights are stored between kernels. Default f32. */
  readonly precision?: Precision;
  /** Called while a plan is made, for each of its pipelines that is ready. */
  readonly onPipeline?: (ready: number, total: number) => void;
}

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

/** What a network costs for one picture of a size. */
export interface NetworkCost {
  /** A variant alone, or "all" of them over one backbone. */
  readonly variant: ComparedVariant | typeof ALL;
  readonly width: number;
  readonly height: number;
  /** Milliseconds from RGBA to labels: the fastest of several runs after a first one, since other work on a machine only adds. */
  readonly ms: number;
  /** Multiply-adds count as two. */
  readonly sharedFlops: number;
  readonly headFlops: number;
  /** Learned numbers: weights, biases, batch norm's scales and shifts. */
  readonly sharedParameters: number;
  readonly headParameters: number;
  /** Bytes of GPU memory: weights as packed, activations with inputs and staging. */
  readonly weightBytes: number;
  readonly planBytes: number;
}

export class Comparison {
  readonly variants: readonly ComparedVariant[];
  readonly classes: number;
  readonly classNames: readonly string[];
  readonly #backbone: ResNet101;
  readonly #heads: ReadonlyMap<ComparedVariant, FcnHead>;
  readonly #runtime: Runtime;
  readonly #preprocessing: Preprocessing;
  readonly #kernels: VariantChoice | undefined;
  readonly #precision: Precision;
  readonly #onPipeline: ComparisonOptions["onPipeline"];

  /** @throws bad-weights when the checkpoint lacks the backbone or one of the heads, or the heads differ in their classes */
  constructor(
    device: Device,
    readonly checkpoint: Checkpoint,
    options: ComparisonOptions = {},
  ) {
    const { variants = COMPARED, preprocessing = IMAGENET, kernels, precision = "f32", onPipeline } = options;
    if (variants.length === 0) throw new FcnError("bad-option", "compare: name at least one variant");
    const params = Parameters.of(checkpoint);
    this.variants = variants;
    this.#backbone = new ResNet101(params.at("backbone"));
    this.#heads = new Map(variants.map((v) => [v, new FcnHead(params.at(v), v, this.#backbone.channels)]));
    params.allow((name) => name.endsWith(".num_batches_tracked") || COMPARED.some((v) => !variants.includes(v) && name.startsWith(`${v}.`)));
    params.finish(variants.join(", "));
    const counts = new Set([...this.#heads.values()].map((head) => head.classes));
    if (counts.size > 1) throw new FcnError("bad-weights", `${checkpoint.name}: its heads have ${[...counts].join(" and ")} classes; networks of one set of classes can be compared`);
    this.classes = [...counts][0] ?? 0;
    this.classNames = this.classes === VOC_CLASSES.length ? VOC_CLASSES : Array.from({ length: this.classes }, (_, i) => `class ${i}`);
    this.#preprocessing = preprocessing;
    this.#kernels = kernels;
    this.#precision = precision;
    this.#onPipeline = onPipeline;
    this.#runtime = new Runtime({ ...options, name: "the comparison", device });
  }

  /** The device in use; another one after recover(). */
  get device(): Device {
    return this.#runtime.device;
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

  /** The label map of every variant. @throws bad-image, limit-too-small, device-lost, disposed */
  run(image: Picture, { scores = false, signal }: ComparisonRunOptions = {}): Promise<ComparisonResult> {
    return this.#runtime.call(async () => {
      const picture = toRgba(image);
      const { width, height } = picture;
      const start = performance.now();
      const plan = await this.#runtime.plans.get(`${height}x${width}${scores ? " scores" : ""}`, () => this.#plan(this.variants, height, width, { timed: true, scores, signal }));
      signal?.throwIfAborted();
      const made = performance.now();
      const { outputs, stages, timings } = await plan.run({ picture: picture.data });
      const each = <T>(of: (output: Output, variant: ComparedVariant) => T): Record<string, T> => Object.fromEntries(this.variants.map((v) => [v, of(outputs.get(v) as Output, v)]));
      const labels = each(({ bytes, layout, shape }) => layouts[layout].unpack(bytes, shape) as Uint8Array);
      const buffers = each(({ memory }) => bindingOf(memory) as GPUBufferBinding);
      const total = performance.now() - made;
      const times = stages && stages.size ? { stages: Object.fromEntries(stages) } : {};
      const result = { width, height, labels, buffers, compile: made - start, total, timings, ...times };
      return scores ? { ...result, scores: await this.#pixelScores(outputs, width, height) } : result;
    }, signal);
  }

  async #pixelScores(outputs: PlanResult["outputs"], width: number, height: number): Promise<Record<string, PixelScores>> {
    const pairs = this.variants.map(async (variant) => {
      const { bytes, layout, shape } = outputs.get(scoresOf(variant)) as Output;
      const final = await (this.#heads.get(variant) as FcnHead).finalStep();
      return [variant, new PixelScores(width, height, layouts[layout].unpack(bytes, shape) as Float32Array, shape, final)] as const;
    });
    return Object.fromEntries(await Promise.all(pairs));
  }

  /**
   * Runs variants alone, or all of them over one backbone, on a grey picture and adds up what each costs. They take turns, so
   * that a machine that slows down for a while slows them all.
   */
  measure(measured: readonly NetworkCost["variant"][], height: number, width: number, rounds = 5): Promise<NetworkCost[]> {
    return this.#runtime.call(async () => {
      const plans: { readonly variant: NetworkCost["variant"]; readonly plan: Plan; readonly times: number[] }[] = [];
      try {
        for (const variant of measured) plans.push({ variant, plan: await this.#plan(variant === ALL ? this.variants : [variant], height, width), times: [] });
        const picture = new Uint8Array(height * width * 4).fill(128);
        for (let round = 0; round <= rounds; round++) {
          for (const { plan, times } of plans) {
            const start = performance.now();
            const { outputs } = await plan.run({ picture });
            for (const { bytes, layout, shape } of outputs.values()) layouts[layout].unpack(bytes, shape);
            if (round > 0) times.push(performance.now() - start); // the first run is warming up
          }
        }
        return await Promise.all(plans.map(async ({ variant, plan, times }) => ({ variant, width, height, ms: Math.min(...times), ...(await this.#costOf(variant, plan)) })));
      } finally {
        for (const { plan } of plans) plan.dispose();
      }
    });
  }

  async #costOf(variant: NetworkCost["variant"], { steps, bytes }: Plan): Promise<Omit<NetworkCost, "variant" | "width" | "height" | "ms">> {
    const flops = { shared: 0, head: 0 };
    const copies = new Map<string, number>();
    for (const step of steps) {
      flops[stageOf(step.label) === SHARED ? "shared" : "head"] += step.kernel.cost(step.problem).flops;
      for (const [key, weight] of Object.entries(step.weights)) {
        const packing = step.variant.packing?.[key] ?? plainPacking;
        copies.set(`${weight.name} ${packing.name}`, (await this.#runtime.store.get(weight, packing, step.problem)).size);
      }
    }
    return {
      sharedFlops: flops.shared,
      headFlops: flops.head,
      sharedParameters: this.#parameters("backbone."),
      headParameters: (variant === ALL ? this.variants : [variant]).reduce((sum, v) => sum + this.#parameters(`${v}.`), 0),
      weightBytes: [...copies.values()].reduce((a, b) => a + b, 0),
      planBytes: bytes,
    };
  }

  /** Learned numbers in the checkpoint under a prefix; running statistics are measured, not learned. */
  #parameters(prefix: string): number {
    const own = [...this.checkpoint.tensors.values()].filter(({ name }) => name.startsWith(prefix) && !/\.(running_mean|running_var|num_batches_tracked)$/.test(name));
    return own.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  }

  async #plan(variants: readonly ComparedVariant[], height: number, width: number, { timed = false, scores = false, signal }: { timed?: boolean; scores?: boolean } & Abortable = {}): Promise<Plan> {
    const graph = new Graph();
    const image = graph.input("picture", [1, 4, height, width], "rgba8");
    const { mean, std } = this.#preprocessing;
    const x = graph.op("normalize", normalize, { image, mean: constant("mean", mean), std: constant("std", std) }).y;
    const features = this.#backbone.apply(graph, x);
    for (const variant of variants) {
      const scored = (this.#heads.get(variant) as FcnHead).scored(graph, features, [height, width]);
      graph.output(variant, scored.labels);
      if (scores) graph.output(scoresOf(variant), scored.scores);
    }
    try {
      return await this.#runtime.plan(graph, this.#kernels, { precision: this.#precision, stageOf: timed ? (step) => stageOf(step.label) : undefined, onPipeline: this.#onPipeline, signal });
    } catch (error) {
      if (!(error instanceof FcnError) || (error.code !== "limit-too-small" && error.code !== "out-of-memory")) throw error;
      throw new FcnError(error.code, `a picture of ${width} x ${height} is too large for this device: ${error.message}`, { cause: error });
    }
  }

  /** Frees weights and plans once what is queued has ended, and a device that `openDevice` opened; the checkpoint stays the caller's. Idempotent. */
  dispose(): void {
    this.#runtime.dispose();
  }
}

type Output = PlanResult["outputs"] extends ReadonlyMap<string, infer O> ? O : never;

const scoresOf = (variant: ComparedVariant): string => `${variant} scores`;

/** Heads prefix their steps with their name; conversions of the backbone's features belong to the backbone. */
const stageOf = (label: string): string => COMPARED.find((variant) => label.startsWith(`${variant}.`)) ?? SHARED;
