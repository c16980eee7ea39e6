/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The public face of a network: pictures in, label maps, logits or probabilities out. Its weights and its plans by picture size
 * are held by a runtime (runtime.ts), which queues the calls: any number may be in flight.
 */
import { ABORTABLE_KINDS, abortable, checkSignal } from "../base/abort.js";
import type { Abortable } from "../base/abort.js";
import { FcnError, isFcnError } from "../base/errors.js";
import { badOption, checkOptions, typeName } from "../base/options.js";
import type { Device, LostListener } from "../gpu/device.js";
import { checkFits } from "../gpu/memory.js";
import { defaultNames } from "../image/palette.js";
import { toRgba } from "../image/picture.js";
import type { Picture, RgbaPicture } from "../image/picture.js";
import type { VariantChoice } from "../kernel/choice.js";
import { layouts } from "../kernel/layout.js";
import type { HostArray } from "../kernel/layout.js";
import type { Precision } from "../kernel/variant.js";
import type { Plan, PlanOptions } from "../plan/plan.js";
import { bySize, inputBytes } from "./batches.js";
import { inOrder } from "./in-order.js";
import { layerTimes } from "./layer-times.js";
import type { LayerTime } from "./layer-times.js";
import type { Network } from "./network.js";
import { checkKernels, inputSize, outputGraph, pictureTooLarge } from "./output-graph.js";
import type { Output, Prepared } from "./output-graph.js";
import { precisionOn } from "./precision.js";
import type { PrecisionOption } from "./precision.js";
import { IMAGENET, checkPreprocessing, checkResize } from "./preprocessing.js";
import type { Resize } from "./preprocessing.js";
import { Runtime } from "./runtime.js";
import type { RuntimeOptions } from "./runtime.js";
import { segmentationOf } from "./segmentation.js";
import type { Scores, Segmentation, Timings } from "./segmentation.js";

/** From whatever an entry accepts as a picture to its pixels. */
export type ReadImage<Image> = (image: Image) => Picture | Promise<Picture>;

export interface SegmenterOptions<Image> extends Omit<RuntimeOptions, "name"> {
  readonly network: Network;
  readonly readImage: ReadImage<Image>;
  readonly preprocessing?: Prepared["preprocessing"];
  /** Shorter side of what the network sees; without it, what goes with the network. */
  readonly resize?: Resize;
  /** What the weights were recognised as. */
  readonly description?: string;
  /** What a user must know before trusting a label, such as that heads are untrained. */
  readonly notice?: string | undefined;
  readonly classNames?: readonly string[];
  /** Kernel variants to use instead of the default choice, for comparisons. */
  readonly kernels?: VariantChoice;
  /** How activations and weights are stored between kernels. Default f32. */
  readonly precision?: PrecisionOption;
}

/** Label maps on their way at once: the GPU works on one while the last is read and the next uploaded. */
const LABELS_IN_FLIGHT = 2;

export class Fcn<Image = Picture> {
  /** For `using`; missing in browsers that do not know Symbol.dispose. */
  declare readonly [Symbol.dispose]: () => void;
  readonly variant: string;
  readonly classNames: readonly string[];
  /** What the weights were recognised as, such as "torchvision fcn_resnet101: dilated, 21 classes, with aux head". */
  readonly description: string;
  /** What you must know before you trust a label: set when heads are untrained. Show it. */
  readonly notice: string | undefined;
  /** Shorter side of pictures as the network sees them; labels and scores have the picture's size all the same. */
  readonly resize: Resize;
  readonly #precision: PrecisionOption;
  readonly #prepared: Prepared;
  readonly #readImage: ReadImage<Image>;
  readonly #kernels: VariantChoice | undefined;
  readonly #runtime: Runtime;

  constructor(options: SegmenterOptions<Image>) {
    this.variant = options.network.name;
    this.description = options.description ?? options.network.name;
    this.notice = options.notice;
    this.resize = checkResize(options.resize ?? options.network.resize ?? "none");
    this.#readImage = options.readImage;
    this.#kernels = options.kernels;
    this.#precision = options.precision ?? "f32";
    const { network, preprocessing = IMAGENET } = options;
    this.#prepared = {
      network,
      preprocessing: checkPreprocessing(preprocessing),
      resize: this.resize,
      description: this.description,
    };
    if (options.kernels) checkKernels(this.#prepared, options.kernels);
    const { classes } = network;
    this.classNames = options.classNames ?? defaultNames(classes);
    if (this.classNames.length !== classes) {
      throw badOption(`classNames has ${this.classNames.length} names, the checkpoint has ${classes} classes`);
    }
    this.#runtime = new Runtime({ ...options, name: `the model ${this.variant}` });
    if (typeof Symbol.dispose === "symbol")
      Object.defineProperty(this, Symbol.dispose, { value: () => this.dispose() });
  }

  /** The device in use; another one after recover(). */
  get device(): Device {
    return this.#runtime.device;
  }

  /** How activations and weights are stored between kernels on the device in use; scores are f32 in either case. */
  get precision(): Precision {
    return precisionOn(this.device, this.#precision);
  }

  /** Bytes of GPU memory in use. */
  get memory(): { weights: number; plans: number } {
    return this.#runtime.memory;
  }

  /**
   * Calls `listener` with the error (code device-lost) once for each device that is lost, whether or not a call was in flight;
   * not after dispose(). Returns what takes the listener off again.
   */
  onLost(listener: LostListener): () => void {
    return this.#runtime.onLost(listener);
  }

  /**
   * Brings the model back after its device was lost, on a new device like the first, or on `device` (needed where loadFcn was
   * given one; it stays the caller's). Calls made before reject with device-lost, calls made after it run. Weights are read again
   * from where they came from, when a call needs them; plans are made anew. Does nothing while the device is well.
   * @throws no-adapter when there is no device to be had (try again later), bad-option, disposed
   */
  recover(device?: Device): Promise<void> {
    return this.#runtime.recover(device);
  }

  /** The class of every pixel. @throws bad-image, limit-too-small, out-of-memory, device-lost, disposed, the signal's reason */
  async segment(image: Image, options: Abortable = {}): Promise<Segmentation> {
    checkSignal("segment(picture", options);
    return (await this.segmentBatch([image], options))[0] as Segmentation;
  }

  /**
   * A long row of pictures, for throughput: the next ones are read and uploaded while the GPU works. Results come in the order of
   * the pictures; an error ends the row there. `inFlight` pictures (default 3) are held at once.
   * @throws as segment(), and bad-option
   */
  segmentAll(
    images: Iterable<Image> | AsyncIterable<Image>,
    options: Abortable & { readonly inFlight?: number } = {},
  ): AsyncGenerator<Segmentation, void, undefined> {
    checkOptions("segmentAll(pictures, { inFlight: ... })", options, { ...ABORTABLE_KINDS, inFlight: "a number" });
    const { inFlight = 3, signal } = options;
    const iterable =
      typeof images === "object" && images !== null && (Symbol.iterator in images || Symbol.asyncIterator in images);
    if (!iterable) throw new FcnError("bad-image", `segmentAll needs an iterable of pictures, got ${typeName(images)}`);
    if (!Number.isInteger(inFlight) || inFlight < 1)
      throw badOption(`inFlight must be a whole number of 1 or more, got ${inFlight}`);
    return inOrder(
      images,
      inFlight,
      async (image) => {
        const { picture, run } = await this.#runtime.call(async () => {
          const picture = toRgba(await this.#readImage(image));
          // Wrapped, so that the next call does not wait for the result.
          return { picture, run: await this.#start("labels", [picture], signal) };
        }, signal);
        const { values, timings } = await abortable(run.result(), signal);
        return segmentationOf(values as Uint8Array, picture.width, picture.height, this.classNames, timings);
      },
      signal,
    );
  }

  /** Several pictures, in order; those of one size run as one batch (halved while it does not fit the device). */
  async segmentBatch(images: readonly Image[], options: Abortable = {}): Promise<Segmentation[]> {
    const signal = checkSignal("segmentBatch(pictures", options);
    if (!(images instanceof Array))
      throw new FcnError("bad-image", `segmentBatch needs an array of pictures, got ${typeName(images)}`);
    return this.#runtime.call(async () => {
      const pictures = await Promise.all(images.map(async (image) => toRgba(await this.#readImage(image))));
      const results: Segmentation[] = [];
      for (const group of bySize(pictures)) await this.#segmentGroup(pictures, group, results, signal);
      return results;
    }, signal);
  }

  async #segmentGroup(
    pictures: readonly RgbaPicture[],
    group: readonly number[],
    results: Segmentation[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    let run: RunResult;
    try {
      run = await this.#run(
        "labels",
        group.map((i) => pictures[i] as RgbaPicture),
        signal,
      );
    } catch (error) {
      if (group.length === 1 || !(isFcnError(error, "limit-too-small") || isFcnError(error, "out-of-memory")))
        throw error;
      const half = Math.ceil(group.length / 2);
      await this.#segmentGroup(pictures, group.slice(0, half), results, signal);
      await this.#segmentGroup(pictures, group.slice(half), results, signal);
      return;
    }
    group.forEach((index, position) => {
      const { width, height } = pictures[index] as RgbaPicture;
      const labels = run.values.slice(position * width * height, (position + 1) * width * height) as Uint8Array;
      results[index] = segmentationOf(labels, width, height, this.classNames, run.timings);
    });
  }

  /**
   * Raw scores of every class, before the softmax; with `aux`, those of torchvision's auxiliary head (after layer3).
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

  #scores(kind: Output, image: Image, signal: AbortSignal | undefined): Promise<Scores> {
    return this.#runtime.call(async () => {
      const picture = toRgba(await this.#readImage(image));
      const { values, timings } = await this.#run(kind, [picture], signal);
      return {
        shape: [1, this.classNames.length, picture.height, picture.width],
        data: values as Float32Array,
        timings,
      };
    }, signal);
  }

  /** Makes the plan for pictures of this size (weights, pipelines, memory) and runs it once, so that the first real call is fast. */
  async warmup(height: number, width: number, options: Abortable = {}): Promise<void> {
    const signal = checkSignal("warmup(height, width", options);
    if (![height, width].every((side) => Number.isInteger(side) && side > 0))
      throw new FcnError("bad-image", `warmup: ${width} x ${height} is not a size of at least 1 x 1`);
    await this.#runtime.call(async () => {
      await this.#planFor("labels", 1, height, width, signal); // says what does not fit the device before a picture of that size is made
      return this.#run("labels", [toRgba({ width, height, data: new Uint8Array(width * height * 4) })], signal);
    }, signal);
  }

  async #run(kind: Output, pictures: readonly RgbaPicture[], signal: AbortSignal | undefined): Promise<RunResult> {
    return (await this.#start(kind, pictures, signal)).result();
  }

  /** Hands the pictures to the GPU, in turn; `result` waits for it. */
  async #start(
    kind: Output,
    pictures: readonly RgbaPicture[],
    signal: AbortSignal | undefined,
  ): Promise<{ result(): Promise<RunResult> }> {
    signal?.throwIfAborted();
    const start = performance.now();
    const { width, height } = pictures[0] as RgbaPicture;
    const plan = await this.#planFor(kind, pictures.length, height, width, signal);
    signal?.throwIfAborted();
    const compiled = performance.now();
    const running = plan.run({ picture: inputBytes(pictures, this.resize) });
    this.#runtime.track(running); // result() rejects with its error
    return {
      async result() {
        const { outputs, timings } = await running;
        const output = outputs.get(kind);
        if (!output) throw new FcnError("gpu-error", `the plan gave no output "${kind}"`);
        const values = layouts[output.layout].unpack(output.bytes, output.shape);
        return { values, timings: { ...timings, compile: compiled - start, total: performance.now() - start } };
      },
    };
  }

  #planFor(kind: Output, n: number, height: number, width: number, signal: AbortSignal | undefined): Promise<Plan> {
    return this.#runtime.plans.get(`${kind} ${n}x${height}x${width}`, () =>
      this.#makePlan(kind, n, height, width, { signal, inFlight: kind === "labels" ? LABELS_IN_FLIGHT : 1 }),
    );
  }

  async #makePlan(kind: Output, n: number, height: number, width: number, options: PlanOptions): Promise<Plan> {
    const { device } = this.#runtime;
    try {
      // First of all: sizes beyond any device would end in a kernel's own complaint about its shapes.
      checkFits(device, "picture", layouts.rgba8, [n, 4, ...inputSize(height, width, this.resize)]);
      checkFits(device, "labels", layouts.u8, [n, 1, height, width]);
      return await this.#runtime.plan(outputGraph(this.#prepared, kind, n, height, width), this.#kernels, {
        precision: this.precision,
        ...options,
      });
    } catch (error) {
      throw pictureTooLarge(error, height, width, this.resize);
    }
  }

  /**
   * GPU time of every kernel call that segmenting this picture takes, in order; undefined where the device has no timestamps. The
   * times are those of one run after a first that warms up, each call in a pass of its own, which costs a little more than together.
   */
  async profile(image: Image, options: Abortable = {}): Promise<readonly LayerTime[] | undefined> {
    const signal = checkSignal("profile(picture", options);
    return this.#runtime.call(async () => {
      const picture = toRgba(await this.#readImage(image));
      const { height, width } = picture;
      const plan = await this.#makePlan("labels", 1, height, width, { signal, stageOf: ({ label }) => label });
      try {
        const input = { picture: inputBytes([picture], this.resize) };
        await plan.run(input);
        const { stages } = await plan.run(input);
        return stages?.size ? layerTimes(plan.steps, stages) : undefined;
      } finally {
        plan.dispose();
      }
    }, signal);
  }

  /**
   * Frees the weights and plans, and a device that loadFcn opened, once the pictures that the GPU has been given are done; calls that
   * wait behind them reject with `disposed`. Idempotent.
   */
  dispose(): void {
    this.#runtime.dispose();
  }
}

interface RunResult {
  readonly values: HostArray;
  readonly timings: Timings;
}
