/**
 * FCN-32s, 16s and 8s side by side: one graph with the backbone once and a head for each variant, so that a picture
 * costs one backbone; or torchvision's network alone. Measures what is shared and what each head adds. The class for
 * using one network is in segmenter.ts. Both run on a session (session.ts).
 */
import { abortable } from "../base/abort.js";
import { copiedArrays } from "../base/copied-arrays.js";
import { checkOneOf, checkOptions } from "../base/options.js";
import { checkDevice } from "../gpu/device.js";
import type { Device, LostListener } from "../gpu/device.js";
import type { Precision } from "../kernel/variant.js";
import { checkKernels } from "../plan/check-kernels.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { checkCheckpoint } from "../weights/given.js";
import { describeBackbone, describeLoaded } from "./backbones/index.js";
import { classNamesOf } from "./class-names.js";
import { COMPARABLE, COMPARED, SHARED } from "./compared.js";
import type { ComparedVariant } from "./compared.js";
import {
  ALL_WITH_SCORES,
  comparisonGraph,
  headsOf,
  partNames,
  prepareComparison,
  probeOf,
} from "./comparison-graph.js";
import type { ComparisonKind, PreparedComparison } from "./comparison-graph.js";
import { COMPARISON_KINDS, RUN_KINDS, checkMeasure } from "./comparison-options.js";
import type { ComparisonOptions, ComparisonRunOptions } from "./comparison-options.js";
import { checkHaveScores, comparisonResult, pixelScoresOf } from "./comparison-result.js";
import type { ComparisonResult } from "./comparison-result.js";
import { ALL, backboneParameters, headParameters, measureNetworks } from "./network-cost.js";
import type { NetworkCost, PartNames } from "./network-cost.js";
import type { HoldImage } from "./picture-call.js";
import type { PictureResult } from "./picture-result.js";
import { PRECISIONS } from "./precision.js";
import type { Resize } from "./preprocessing.js";
import { Session } from "./session.js";

/** What a checkpoint's backbone needs is loaded, so that a comparison can be constructed. @throws bad-weights */
export async function loadBackbone(checkpoint: Checkpoint): Promise<void> {
  checkCheckpoint("Comparison.open", checkpoint);
  await describeBackbone(checkpoint);
}

/** A comparison of pictures that `holdImage` takes. The entries name what those are: Comparison. */
export class PictureComparison<Image> {
  /** Names of the networks, in the order in which they were given. */
  readonly variants: readonly ComparedVariant[];
  /** Number of classes. */
  readonly classes: number;
  /** Names of the classes by label. */
  readonly classNames: readonly string[];
  /** Set when the checkpoint names other classes than the networks have. Show it. */
  readonly notice: string | undefined;
  /** Shorter side of pictures as the networks see them. Label maps have the picture's size all the same. */
  readonly resize: Resize;
  readonly #prepared: PreparedComparison;
  readonly #parts: PartNames;
  readonly #session: Session<ComparisonKind, Image>;
  readonly #onPipeline: ComparisonOptions["onPipeline"];

  /**
   * For checkpoints of ResNets, and of other backbones once one was opened.
   * @throws bad-weights when the checkpoint lacks the backbone or one of the heads, or the heads differ in their
   * classes; bad-option; disposed or device-lost for a device that is no more
   */
  constructor(
    device: Device,
    /** Where the weights come from. It must stay open. */
    readonly checkpoint: Checkpoint,
    options: ComparisonOptions,
    holdImage: HoldImage<Image>,
  ) {
    checkDevice("new Comparison", device);
    device.assertUsable();
    checkCheckpoint("new Comparison", checkpoint);
    checkOptions("new Comparison(device, checkpoint, { variants: ... })", options, COMPARISON_KINDS);
    const { kernels, precision, onPipeline } = options;
    const copies = copiedArrays({ variants: options.variants, preprocessing: options.preprocessing });
    const { variants = COMPARED, preprocessing } = copies;
    checkOneOf("precision", precision, PRECISIONS);
    for (const variant of variants) checkOneOf("variant", variant, COMPARABLE);
    const description = describeLoaded(checkpoint, options);
    const prepared = prepareComparison({ checkpoint, variants, description, preprocessing });
    this.variants = variants;
    this.resize = prepared.networks.resize;
    this.classes = prepared.networks.classes;
    const named = classNamesOf(checkpoint, this.classes, options.classNames);
    this.classNames = named.classNames;
    this.notice = named.notice;
    if (kernels) checkKernels([probeOf(prepared)], kernels);
    const parts = partNames(prepared);
    this.#prepared = prepared;
    this.#parts = parts;
    this.#onPipeline = onPipeline;
    this.#session = new Session({
      ...options,
      name: "the comparison",
      device,
      holdImage,
      classNames: () => this.classNames,
      resize: this.resize,
      graphOf: (batch) => comparisonGraph(prepared, batch),
      planOptions: () => ({ stageOf: ({ label }) => parts.stageOf(label), onPipeline }),
    });
  }

  /** The device in use; another one after recover(). */
  get device(): Device {
    return this.#session.device;
  }

  /** How activations and weights are stored between kernels on the device in use. */
  get precision(): Precision {
    return this.#session.precision;
  }

  /** Bytes of GPU memory in use, for all variants together. */
  get memory(): { weights: number; plans: number } {
    return this.#session.memory;
  }

  /** As Fcn.onLost(): called once for each device that is lost. Returns an unsubscribe function. */
  onLost(listener: LostListener): () => void {
    return this.#session.onLost(listener);
  }

  /** As Fcn.recover(): moves to a new device, or to `device`, after a loss. @throws no-adapter, bad-option, disposed */
  recover(device?: Device): Promise<void> {
    return this.#session.recover(device);
  }

  /**
   * The label map of every variant.
   * @throws bad-image, bad-option, limit-too-small, out-of-memory, device-lost, disposed, the signal's reason
   */
  async run(image: Image, options: ComparisonRunOptions = {}): Promise<ComparisonResult> {
    checkOptions("run(picture, { scores: ... })", options, RUN_KINDS);
    const { scores = false, signal } = options;
    if (scores) checkHaveScores(this.variants);
    const [result] = await this.#session.run({ kind: scores ? ALL_WITH_SCORES : ALL, images: [image] }, signal);
    if (!scores) return comparisonResult(this.variants, result as PictureResult);
    const networks = this.variants.map((variant) => ({ name: variant, variant, prepared: this.#prepared }));
    const ofPixels = await abortable(pixelScoresOf(networks, result as PictureResult), signal);
    return { ...comparisonResult(this.variants, result as PictureResult), scores: ofPixels };
  }

  /**
   * Runs variants alone, or all of them over one backbone, on a grey picture and adds up what each costs. They take
   * turns, so that a machine that slows down for a while slows all of them.
   * @throws bad-image for a size that is not at least 1 x 1; bad-option, limit-too-small, out-of-memory, device-lost,
   * disposed
   */
  async measure(
    measured: readonly NetworkCost["variant"][],
    height: number,
    width: number,
    rounds = 5,
  ): Promise<NetworkCost[]> {
    checkMeasure(measured, [height, width], rounds, [...this.variants, ALL]);
    const request = { height, width, rounds, planOptions: { onPipeline: this.#onPipeline } };
    const { checkpoint } = this;
    const parts = this.#parts;
    const sharedParameters = backboneParameters(checkpoint);
    const tasks = measured.map((kind) => ({
      name: kind,
      kind,
      parameters: {
        sharedParameters,
        headParameters: headParameters(checkpoint, parts, headsOf(this.#prepared, kind)),
      },
      isShared: (label: string) => parts.stageOf(label) === SHARED,
    }));
    return this.#session.turn((network) => measureNetworks(network, tasks, request));
  }

  /**
   * Frees weights and plans once what is queued has ended, and a device that `openDevice` opened. The checkpoint stays
   * the caller's. Idempotent.
   */
  dispose(): void {
    this.#session.dispose();
  }
}
