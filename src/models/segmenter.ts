/// <reference lib="esnext.disposable" preserve="true" />
/** The public face of a network: checks options and shapes results. A session (session.ts) does the work. */
import { ABORTABLE_KINDS, checkSignal } from "../base/abort.js";
import type { Abortable } from "../base/abort.js";
import { copiedArrays } from "../base/copied-arrays.js";
import { checkOptions } from "../base/options.js";
import type { Device, LostListener } from "../gpu/device.js";
import { checkPictureSize } from "../image/picture.js";
import type { Picture, RgbaPicture } from "../image/picture.js";
import type { Precision } from "../kernel/variant.js";
import type { FeatureStage } from "../layers/backbone.js";
import type { ReplaceHeads } from "./assemble.js";
import { importExtras } from "./extras/import-extras.js";
import { featureMaps } from "./features.js";
import type { FeatureOptions, FeaturePlace, FeaturesOn } from "./features.js";
import { HEADS_KINDS } from "./head-weights.js";
import type { HeadWeights, HeadsOptions } from "./head-weights.js";
import type { LayerTime } from "./layer-time.js";
import { checkArray } from "./many-pictures.js";
import { modelOf } from "./model.js";
import type { LoadedModel } from "./model.js";
import { modelSession } from "./model-session.js";
import type { SegmenterOptions } from "./model-session.js";
import type { OutputKind } from "./output-graph.js";
import { outputOf, timingsOf } from "./picture-result.js";
import type { PictureResult } from "./picture-result.js";
import type { Resize } from "./preprocessing.js";
import { segmentations } from "./segmentation.js";
import type { Scores, Segmentation } from "./segmentation.js";
import type { Session } from "./session.js";
import { streamOf } from "./stream.js";
import type { OnError, StreamOptions, StreamResult } from "./stream.js";

/**
 * A loaded network, as loadFcn() and createFcn() make it. Its calls are queued: any number may be in flight.
 * @example
 * import { loadFcn } from "fcn-webgpu/node";
 *
 * const fcn = await loadFcn();
 * console.log(fcn.variant, fcn.classes); // prints fcn8s 21
 * for await (const { names } of fcn.segmentAll(["samples/bird.png"])) console.log(names.length > 0); // prints true
 */
export class Fcn<Image = Picture> {
  /** For `using`; missing in browsers that do not know Symbol.dispose. */
  declare readonly [Symbol.dispose]: () => void;
  /** Shorter side of pictures as the network sees them. Labels and scores have the picture's size all the same. */
  readonly resize: Resize;
  /** Stages whose feature maps features() gives, in order. */
  readonly stages: readonly FeatureStage[];
  readonly #replaceHeads: ReplaceHeads;
  readonly #session: Session<OutputKind, Image>;
  #model: LoadedModel;

  /** @throws bad-option */
  constructor(options: SegmenterOptions<Image>) {
    const model = modelOf(options, options);
    this.#replaceHeads = options.replaceHeads;
    this.#model = model;
    this.resize = model.resize;
    this.stages = model.network.backbone.stages;
    this.#session = modelSession(options, () => this.#model);
    if (typeof Symbol.dispose === "symbol")
      Object.defineProperty(this, Symbol.dispose, { value: () => this.dispose() });
  }

  /** Which network it is: "fcn8s". */
  get variant(): string {
    return this.#model.network.name;
  }

  /** Names of the classes, in order. */
  get classNames(): readonly string[] {
    return this.#model.classNames;
  }

  /** Number of classes. */
  get classes(): number {
    return this.#model.network.classes;
  }

  /** What the weights were recognised as, such as "torchvision fcn_resnet101: dilated, 21 classes, with aux head". */
  get description(): string {
    return this.#model.description;
  }

  /**
   * What you must know before you trust a label: set when heads are untrained, or the checkpoint names other classes
   * than the network has. Show it.
   */
  get notice(): string | undefined {
    return this.#model.notice;
  }

  /** The device in use; another one after recover(). */
  get device(): Device {
    return this.#session.device;
  }

  /** How activations and weights are stored between kernels on the device in use. Scores are f32 in either case. */
  get precision(): Precision {
    return this.#session.precision;
  }

  /** Bytes of GPU memory in use. */
  get memory(): { weights: number; plans: number } {
    return this.#session.memory;
  }

  /**
   * Calls `listener` with the error (code device-lost) once for each device that is lost, whether or not a call was in
   * flight. It is not called after dispose(). Returns an unsubscribe function.
   */
  onLost(listener: LostListener): () => void {
    return this.#session.onLost(listener);
  }

  /**
   * Brings the model back after its device was lost, on a new device like the first, or on `device`. Give a device
   * where loadFcn was given one; it stays yours. Calls made before reject with device-lost, calls made after it run.
   * Weights are read from their source again when needed; plans are made again. Does nothing while the device works.
   * @throws no-adapter when no device can be opened (try again later), bad-option, disposed
   */
  recover(device?: Device): Promise<void> {
    return this.#session.recover(device);
  }

  /**
   * The class of every pixel.
   * @throws bad-image, bad-option, missing-package (Node), bad-weights when they cannot be read, limit-too-small,
   * out-of-memory, device-lost, disposed, the signal's reason
   */
  async segment(image: Image, options: Abortable = {}): Promise<Segmentation> {
    const signal = checkSignal("segment(picture", options);
    const results = await this.#session.run({ kind: "labels", images: [image] }, signal);
    return segmentations(results)[0] as Segmentation;
  }

  /**
   * Many pictures, for throughput: the next ones are read and uploaded while the GPU works. Results come in the order
   * of the pictures, each with its `index` and its `picture`. At most `inFlight` pictures (default 3) are held at once.
   * An error ends the stream, unless `onError` says that it goes on past pictures that fail.
   * @throws as segment(), and what the source throws
   */
  segmentAll<Item extends Image, Mode extends OnError<Item> = "throw">(
    images: Iterable<Item> | AsyncIterable<Item>,
    options: StreamOptions<Item, Mode> = {},
  ): AsyncGenerator<StreamResult<Item, Mode>, void, undefined> {
    return streamOf(images, options, async (image) => {
      const result = await this.#session.runOverlapped("labels", image, options.signal);
      return segmentations([result])[0] as Segmentation;
    });
  }

  /** Several pictures, in order. Those of one size run as one batch, in halves if need be. @throws as segment() */
  async segmentBatch(images: readonly Image[], options: Abortable = {}): Promise<Segmentation[]> {
    const signal = checkSignal("segmentBatch(pictures", options);
    checkArray(images);
    return segmentations(await this.#session.run({ kind: "labels", images }, signal));
  }

  /**
   * Scores of every class, before the softmax. With `aux` they come from torchvision's auxiliary head (after layer3).
   * @throws as segment(); bad-option when an auxiliary head is asked for and there is none
   */
  async logits(image: Image, options: Abortable & { readonly aux?: boolean } = {}): Promise<Scores> {
    checkOptions("logits(picture, { aux: ... })", options, { ...ABORTABLE_KINDS, aux: "a boolean" });
    return this.#scores(options.aux ? "aux" : "logits", image, options.signal);
  }

  /** Softmax over the classes. @throws as segment() */
  async probabilities(image: Image, options: Abortable = {}): Promise<Scores> {
    return this.#scores("probabilities", image, checkSignal("probabilities(picture", options));
  }

  /**
   * Feature maps of the backbone, by the names of `fcn.stages`: `features(picture, ["layer2", "layer4"])`. They are of
   * the picture as the network sees it, resized and padded. Those of later stages are not computed.
   * On the host, the default, they are float32 values. With `on: "gpu"` they are tensors on `fcn.device`, which are
   * yours to dispose of; nothing is read back. Their layout is "nhwc4", or "nhwc4-f16" with precision f16. Plans and
   * kernels take them (docs/decoder.md). dispose() ends them if the model opened their device.
   * @throws as segment(); bad-option for an unknown stage
   */
  async features<Name extends string, Place extends FeaturePlace = "host">(
    image: Image,
    names: readonly Name[],
    options: FeatureOptions<Place> = {},
  ): Promise<Readonly<Record<Name, FeaturesOn<Place>>>> {
    const { backbone } = this.#model.network;
    const maps = await featureMaps(this.#session, { backbone, image, names }, options);
    return maps as Readonly<Record<Name, FeaturesOn<Place>>>;
  }

  /**
   * Replaces the heads by others in memory, once the calls before it have ended: for any number of classes, for another
   * FCN over the same backbone, or after a step of training. The backbone's weights stay on the GPU, the old heads are
   * freed, and the new ones come back after a lost device. Values are copied. Nothing changes where it rejects.
   * @throws bad-weights naming all tensors that are missing, mis-shaped or unexpected; bad-option, disposed, the
   * signal's reason
   */
  async setHeads(heads: HeadWeights, options: HeadsOptions = {}): Promise<void> {
    checkOptions("setHeads(heads, { classNames: ... })", options, HEADS_KINDS);
    const { signal, variant } = options;
    const [copies, classNames] = [copiedArrays(heads), copiedArrays(options.classNames)];
    await this.#session.turn(async (network) => {
      const { model, unused } = await this.#replaceHeads(this.#model, copies, { variant, classNames });
      await this.#session.idle();
      signal?.throwIfAborted();
      this.#model = model;
      await network.forget(unused);
    }, signal);
  }

  /** Makes the plan for this size and runs it once, so that the first call is fast. @throws as segment() */
  async warmup(height: number, width: number, options: Abortable = {}): Promise<void> {
    const signal = checkSignal("warmup(height, width", options);
    checkPictureSize("warmup", width, height);
    await this.#session.warmup("labels", height, width, signal);
  }

  /**
   * GPU time of every kernel call that segmenting this picture takes, in order. Undefined where the device has no
   * timestamps. Measured in one run after a first that warms up. Each call has a compute pass of its own, which costs a
   * little more than one pass for all. @throws as segment()
   */
  async profile(image: Image, options: Abortable = {}): Promise<readonly LayerTime[] | undefined> {
    const signal = checkSignal("profile(picture", options);
    return this.#session.turnWith(
      [image],
      async (network, call) => {
        const { profileLayers } = await importExtras();
        return profileLayers(network, (await call.read())[0] as RgbaPicture, signal);
      },
      signal,
    );
  }

  /**
   * Frees the weights and plans, and a device that loadFcn opened, once the pictures that the GPU has been given are
   * done. Calls that wait behind them reject with `disposed`. Idempotent.
   */
  dispose(): void {
    this.#session.dispose();
  }

  async #scores(kind: OutputKind, image: Image, signal: AbortSignal | undefined): Promise<Scores> {
    const [result] = await this.#session.run({ kind, images: [image] }, signal);
    const { values, shape } = outputOf(result as PictureResult, kind);
    return { shape, data: values as Float32Array, timings: timingsOf(result as PictureResult) };
  }
}
