/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The public face of a network: pictures in; label maps, logits or probabilities out. It checks options and shapes
 * results. The work is done by a session (session.ts), which queues the calls: any number may be in flight.
 */
import { ABORTABLE_KINDS, checkSignal } from "../base/abort.js";
import type { Abortable } from "../base/abort.js";
import { FcnError } from "../base/errors.js";
import { checkCount, checkOptions, typeName } from "../base/options.js";
import type { Device, LostListener } from "../gpu/device.js";
import { checkPictureSize } from "../image/picture.js";
import type { Picture } from "../image/picture.js";
import type { Precision } from "../kernel/variant.js";
import { checkKernels, probeGraphs } from "./check-kernels.js";
import { inOrder } from "./in-order.js";
import { profileLayers } from "./layer-times.js";
import type { LayerTime } from "./layer-times.js";
import type { NetworkPlans } from "./network-on-device.js";
import type { Network } from "./network.js";
import { outputGraph } from "./output-graph.js";
import type { OutputKind } from "./output-graph.js";
import { outputOf } from "./picture-result.js";
import type { PictureResult } from "./picture-result.js";
import { IMAGENET, checkPreprocessing, checkResize } from "./preprocessing.js";
import type { Preprocessing, Resize } from "./preprocessing.js";
import type { DeviceChoice } from "./runtime.js";
import { segmentationOf, timingsOf } from "./segmentation.js";
import type { Scores, Segmentation } from "./segmentation.js";
import { Session } from "./session.js";
import type { SessionOptions } from "./session.js";

export interface SegmenterOptions<Image>
  extends
    DeviceChoice,
    Pick<NetworkPlans<OutputKind>, "kernels" | "precision" | "maxPlans" | "tuning" | "tuneBudget">,
    Pick<SessionOptions<OutputKind, Image>, "holdImage" | "onDispose"> {
  readonly network: Network;
  /** Default: as the network was trained. */
  readonly preprocessing?: Preprocessing;
  /** Shorter side of what the network sees. Default: as the network was trained. */
  readonly resize?: Resize;
  /** What the weights were recognised as. */
  readonly description?: string;
  /** What a user must know before trusting a label, such as that heads are untrained. */
  readonly notice?: string | undefined;
  /** One for each class of the network. */
  readonly classNames: readonly string[];
}

/** Runs in flight of a plan for labels: the GPU works on one while the last is read and the next is uploaded. */
const LABELS_IN_FLIGHT = 2;

export class Fcn<Image = Picture> {
  /** For `using`; missing in browsers that do not know Symbol.dispose. */
  declare readonly [Symbol.dispose]: () => void;
  readonly variant: string;
  readonly classNames: readonly string[];
  /** What the weights were recognised as, such as "torchvision fcn_resnet101: dilated, 21 classes, with aux head". */
  readonly description: string;
  /**
   * What you must know before you trust a label: set when heads are untrained, or the checkpoint names other classes
   * than the network has. Show it.
   */
  readonly notice: string | undefined;
  /** Shorter side of pictures as the network sees them. Labels and scores have the picture's size all the same. */
  readonly resize: Resize;
  readonly #session: Session<OutputKind, Image>;

  /** @throws bad-option */
  constructor(options: SegmenterOptions<Image>) {
    const { network, kernels } = options;
    const { preprocessing = network.preprocessing ?? IMAGENET } = options;
    this.variant = network.name;
    this.description = options.description ?? network.name;
    this.notice = options.notice;
    this.resize = checkResize(options.resize ?? network.resize ?? "none");
    const prepared = {
      network,
      preprocessing: checkPreprocessing(preprocessing),
      resize: this.resize,
      description: this.description,
    };
    if (kernels) checkKernels(probeGraphs(prepared), kernels);
    this.classNames = options.classNames;
    this.#session = new Session({
      ...options,
      name: `the model ${network.name}`,
      resize: this.resize,
      graphOf: (batch) => outputGraph(prepared, batch),
      planOptions: (kind) => ({ inFlight: kind === "labels" ? LABELS_IN_FLIGHT : 1 }),
    });
    if (typeof Symbol.dispose === "symbol")
      Object.defineProperty(this, Symbol.dispose, { value: () => this.dispose() });
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
   * Weights are read again from where they came from, when a call needs them; plans are made anew. Does nothing while
   * the device works.
   * @throws no-adapter when no device can be opened (try again later), bad-option, disposed
   */
  recover(device?: Device): Promise<void> {
    return this.#session.recover(device);
  }

  /**
   * The class of every pixel.
   * @throws bad-image, limit-too-small, out-of-memory, device-lost, disposed, the signal's reason
   */
  async segment(image: Image, options: Abortable = {}): Promise<Segmentation> {
    const signal = checkSignal("segment(picture", options);
    const [result] = await this.#session.run({ kind: "labels", images: [image] }, signal);
    return this.#segmentation(result as PictureResult);
  }

  /**
   * Many pictures, for throughput: the next ones are read and uploaded while the GPU works. Results come in the order
   * of the pictures, and an error ends them. At most `inFlight` pictures (default 3) are held at once.
   * @throws as segment(), and bad-option
   */
  segmentAll(
    images: Iterable<Image> | AsyncIterable<Image>,
    options: Abortable & { readonly inFlight?: number } = {},
  ): AsyncGenerator<Segmentation, void, undefined> {
    checkOptions("segmentAll(pictures, { inFlight: ... })", options, { ...ABORTABLE_KINDS, inFlight: "a number" });
    const { inFlight = 3, signal } = options;
    const isObject = typeof images === "object" && images !== null;
    if (!isObject || !(Symbol.iterator in images || Symbol.asyncIterator in images))
      throw new FcnError("bad-image", `segmentAll needs an iterable of pictures, got ${typeName(images)}`);
    checkCount("inFlight", inFlight);
    const segmentOne = async (image: Image): Promise<Segmentation> =>
      this.#segmentation(await this.#session.runOverlapped("labels", image, signal));
    return inOrder(images, inFlight, segmentOne, signal);
  }

  /** Several pictures, in order. Those of one size run as one batch, halved while it does not fit the device. */
  async segmentBatch(images: readonly Image[], options: Abortable = {}): Promise<Segmentation[]> {
    const signal = checkSignal("segmentBatch(pictures", options);
    if (!Array.isArray(images))
      throw new FcnError("bad-image", `segmentBatch needs an array of pictures, got ${typeName(images)}`);
    const results = await this.#session.run({ kind: "labels", images }, signal);
    return results.map((result) => this.#segmentation(result));
  }

  /**
   * Scores of every class, before the softmax. With `aux` they come from torchvision's auxiliary head (after layer3).
   * @throws bad-option when an auxiliary head is asked for and there is none
   */
  async logits(image: Image, options: Abortable & { readonly aux?: boolean } = {}): Promise<Scores> {
    checkOptions("logits(picture, { aux: ... })", options, { ...ABORTABLE_KINDS, aux: "a boolean" });
    return this.#scores(options.aux ? "aux" : "logits", image, options.signal);
  }

  /** Softmax over the classes. */
  async probabilities(image: Image, options: Abortable = {}): Promise<Scores> {
    return this.#scores("probabilities", image, checkSignal("probabilities(picture", options));
  }

  /** Makes the plan for this size (weights, pipelines, memory) and runs it once, so that the first call is fast. */
  async warmup(height: number, width: number, options: Abortable = {}): Promise<void> {
    const signal = checkSignal("warmup(height, width", options);
    checkPictureSize("warmup", width, height);
    await this.#session.warmup("labels", height, width, signal);
  }

  /**
   * GPU time of every kernel call that segmenting this picture takes, in order. Undefined where the device has no
   * timestamps. Measured in one run after a first that warms up. Each call has a compute pass of its own, which costs a
   * little more than one pass for all.
   */
  async profile(image: Image, options: Abortable = {}): Promise<readonly LayerTime[] | undefined> {
    const signal = checkSignal("profile(picture", options);
    const kept = this.#session.hold(image);
    return this.#session.turn(
      async (network) => profileLayers(network, await this.#session.read(kept), signal),
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

  #segmentation(result: PictureResult): Segmentation {
    const { width, height } = result;
    const labels = outputOf(result, "labels").values as Uint8Array;
    return segmentationOf({ width, height, labels, timings: timingsOf(result) }, this.classNames);
  }

  async #scores(kind: OutputKind, image: Image, signal: AbortSignal | undefined): Promise<Scores> {
    const [result] = await this.#session.run({ kind, images: [image] }, signal);
    const { values, shape } = outputOf(result as PictureResult, kind);
    return { shape, data: values as Float32Array, timings: timingsOf(result as PictureResult) };
  }
}
