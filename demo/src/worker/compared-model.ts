/** FCN-32s, 16s and 8s, or those of them that the checkpoint has, over one backbone. */
import { Comparison } from "fcn-webgpu";
import type {
  Checkpoint,
  ComparedVariant,
  ComparisonOptions,
  Device,
  Picture,
  Precision,
  Recognised,
} from "fcn-webgpu";
import type { StageTime } from "../messages.js";
import { stageTimes } from "./model.js";
import type { Model, ModelResult } from "./model.js";

type Options = ComparisonOptions & { readonly variants: readonly ComparedVariant[] };

export class ComparedModel implements Model {
  readonly variants: readonly ComparedVariant[];
  readonly classNames: readonly string[];
  readonly description: string;
  readonly notice: string | undefined;
  readonly checkpoint: Checkpoint;
  readonly #comparison: Comparison;

  private constructor({ checkpoint, description }: Recognised, comparison: Comparison) {
    this.variants = comparison.variants;
    this.description = description;
    this.checkpoint = checkpoint;
    this.#comparison = comparison;
    this.classNames = comparison.classNames;
    this.notice = comparison.notice;
  }

  /** Takes over the checkpoint and closes it in dispose(). @throws bad-weights */
  static async open(device: Device, found: Recognised, options: Options): Promise<ComparedModel> {
    return new ComparedModel(found, await Comparison.open(device, found.checkpoint, options));
  }

  get precision(): Precision {
    return this.#comparison.precision;
  }

  async run(picture: Picture, signal: AbortSignal): Promise<ModelResult> {
    const result = await this.#comparison.run(picture, { scores: true, signal });
    const { labels, buffers, timings, stages, scores } = result;
    const networks = stages ? this.#networkTimes(stages) : [{ name: "Networks", ms: timings.gpu }];
    return {
      labels,
      buffers,
      times: stageTimes(timings.compile, timings, networks),
      probabilities: async (variant, x, y) => scores?.[variant]?.probabilities(x, y) ?? new Float32Array(),
    };
  }

  /** Needs a device with timestamps. */
  #networkTimes(stages: Readonly<Record<string, number>>): StageTime[] {
    const heads = this.variants.map((variant) => ({ name: variant.replace("fcn", "Head "), ms: stages[variant] ?? 0 }));
    return [{ name: "Backbone, shared", ms: stages.shared ?? 0 }, ...heads];
  }

  recover(device: Device): Promise<void> {
    return this.#comparison.recover(device);
  }

  dispose(): void {
    this.#comparison.dispose();
    void this.checkpoint.close();
  }
}
