/**
 * The calls of a model. A call waits for its turn, reads its pictures and runs them in batches of one size. One call
 * goes down: Session.run(), NetworkOnDevice.planFor(), Plan.run(). One result for each picture comes up. The classes
 * above (segmenter.ts, comparison.ts) only check options and shape results.
 */
import { abortable } from "../base/abort.js";
import { isTooLarge } from "../base/errors.js";
import { checkDevice } from "../gpu/device.js";
import type { Device, LostListener } from "../gpu/device.js";
import { toRgba } from "../image/picture.js";
import type { Picture, RgbaPicture } from "../image/picture.js";
import type { Precision } from "../kernel/variant.js";
import type { PlanResult } from "../plan/plan.js";
import { groupBySize, uploadBytes } from "./batches.js";
import { CallQueue } from "./call-queue.js";
import type { NetworkOnDevice } from "./network-on-device.js";
import { outputsOfPicture, unpackOutputs } from "./picture-result.js";
import type { PictureResult } from "./picture-result.js";
import { Runtime } from "./runtime.js";
import type { RuntimeOptions } from "./runtime.js";

/** Decodes a picture when its turn has come. */
export type HeldImage = () => Picture | Promise<Picture>;
/** Holds an image as it is at the moment of the call, because callers use their buffers and canvases again. */
export type HoldImage<Image> = (image: Image) => HeldImage;

export interface SessionOptions<Kind extends string, Image> extends RuntimeOptions<Kind> {
  readonly holdImage: HoldImage<Image>;
  /** Names of the classes of the network that runs now. */
  readonly classNames: () => readonly string[];
  /** Called once by dispose(), after everything on the device was freed. */
  readonly onDispose?: (() => void) | undefined;
}

/** What to compute, and for which pictures. */
export interface RunRequest<Kind extends string, Image> {
  readonly kind: Kind;
  readonly images: readonly Image[];
}

export class Session<Kind extends string, Image> {
  readonly #holdImage: HoldImage<Image>;
  readonly #classNames: () => readonly string[];
  readonly #onDispose: (() => void) | undefined;
  readonly #runtime: Runtime<Kind>;
  readonly #queue: CallQueue;

  /** @throws bad-option */
  constructor(options: SessionOptions<Kind, Image>) {
    this.#holdImage = options.holdImage;
    this.#classNames = options.classNames;
    this.#onDispose = options.onDispose;
    this.#runtime = new Runtime(options);
    this.#queue = new CallQueue(options.name);
  }

  /** The device in use; another one after a recovery. */
  get device(): Device {
    return this.#runtime.network.device;
  }

  get precision(): Precision {
    return this.#runtime.network.precision;
  }

  /** Bytes of GPU memory in use. */
  get memory(): { weights: number; plans: number } {
    return this.#runtime.network.memory;
  }

  /**
   * One result for each image, in order. Pixels are copied before the call returns.
   * Pictures of one size run as one batch, which is halved while it does not fit
   * the device. The next call waits until this one has ended, aborted or not.
   * @throws bad-image, bad-option, bad-weights, limit-too-small, out-of-memory, device-lost, disposed, the signal's
   * reason
   */
  async run({ kind, images }: RunRequest<Kind, Image>, signal?: AbortSignal): Promise<PictureResult[]> {
    const kept = Array.from(images, (image) => this.hold(image));
    return this.turn(async (network) => {
      const pictures = await Promise.all(kept.map((held) => this.read(held)));
      const results: PictureResult[] = [];
      for (const indices of groupBySize(pictures)) {
        const group = indices.map((index) => pictures[index] as RgbaPicture);
        const ofGroup = await this.#runGroup(network, kind, group, signal);
        for (const [i, index] of indices.entries()) results[index] = ofGroup[i] as PictureResult;
      }
      return results;
    }, signal);
  }

  /** One result of each kind for one image, in order. @throws as run() */
  async runKinds(kinds: readonly Kind[], image: Image, signal?: AbortSignal): Promise<PictureResult[]> {
    const kept = this.hold(image);
    return this.turn(async (network) => {
      const picture = await this.read(kept);
      const results: PictureResult[] = [];
      for (const kind of kinds) results.push(...(await this.#runGroup(network, kind, [picture], signal)));
      return results;
    }, signal);
  }

  /** As run() for one image, but the next call begins as soon as the GPU has this picture. */
  async runOverlapped(kind: Kind, image: Image, signal?: AbortSignal): Promise<PictureResult> {
    const kept = this.hold(image);
    const { results } = await this.turn(
      async (network) => this.#submit(network, kind, [await this.read(kept)], signal),
      signal,
    );
    const [result] = await abortable(results, signal);
    return result as PictureResult;
  }

  /** Makes the plan for one picture of this size and runs it once. @throws as run() */
  warmup(kind: Kind, height: number, width: number, signal?: AbortSignal): Promise<void> {
    return this.turn(async (network) => {
      // The plan comes first: it reports a size that does not fit before a picture of that size is allocated.
      await network.planFor({ kind, count: 1, height, width }, signal);
      const blank = toRgba({ width, height, data: new Uint8Array(width * height * 4) });
      await this.#runGroup(network, kind, [blank], signal);
    }, signal);
  }

  /** The image as it is now. @throws bad-image */
  hold(image: Image): HeldImage {
    return this.#holdImage(image);
  }

  /** @throws bad-image */
  async read(held: HeldImage): Promise<RgbaPicture> {
    return toRgba(await held());
  }

  /**
   * Runs `work` after all earlier calls. An aborted caller is answered at once; the next call still waits for the work,
   * and `discard` gets a result that comes too late.
   * @throws disposed, the signal's reason
   */
  turn<T>(
    work: (network: NetworkOnDevice<Kind>) => Promise<T>,
    signal?: AbortSignal,
    discard?: (late: T) => void,
  ): Promise<T> {
    const result = this.#queue.add(async () => {
      signal?.throwIfAborted();
      await this.#runtime.recoverByItself();
      return work(this.#runtime.network);
    });
    return abortable(result, signal, discard);
  }

  /** Within turn(): waits until the GPU has done what earlier calls gave it. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  /** Pictures of one size, as one batch or, where that does not fit the device, in halves. */
  async #runGroup(
    network: NetworkOnDevice<Kind>,
    kind: Kind,
    pictures: readonly RgbaPicture[],
    signal: AbortSignal | undefined,
  ): Promise<PictureResult[]> {
    try {
      const { results } = await this.#submit(network, kind, pictures, signal);
      return await results;
    } catch (error) {
      if (!isTooLarge(error) || pictures.length === 1) throw error;
      const half = Math.ceil(pictures.length / 2);
      const first = await this.#runGroup(network, kind, pictures.slice(0, half), signal);
      const second = await this.#runGroup(network, kind, pictures.slice(half), signal);
      return [...first, ...second];
    }
  }

  /** Hands a batch to the GPU. `results` waits for it. */
  async #submit(
    network: NetworkOnDevice<Kind>,
    kind: Kind,
    pictures: readonly RgbaPicture[],
    signal: AbortSignal | undefined,
  ): Promise<{ readonly results: Promise<PictureResult[]> }> {
    signal?.throwIfAborted();
    const start = performance.now();
    const { width, height } = pictures[0] as RgbaPicture;
    const plan = await network.planFor({ kind, count: pictures.length, height, width }, signal);
    signal?.throwIfAborted();
    const planned = performance.now();
    const running = plan.run({ picture: uploadBytes(pictures, network.resizeOf(kind)) });
    const results = resultsOf(running, pictures, {
      compile: planned - start,
      planned,
      classNames: this.#classNames(),
    });
    this.#queue.track(results);
    return { results };
  }

  /** Calls `listener` once for each device that is lost. Returns an unsubscribe function. @throws bad-option */
  onLost(listener: LostListener): () => void {
    return this.#runtime.onLost(listener);
  }

  /** After a loss: moves to `device`, or to a new one like the first, once the calls before it have rejected. */
  async recover(device?: Device): Promise<void> {
    if (device !== undefined) checkDevice("recover", device);
    return this.#queue.add(() => this.#runtime.recover(device));
  }

  /** Frees everything once what runs has ended. Calls that wait reject with `disposed`. Idempotent. */
  dispose(): void {
    if (this.#queue.closed) return;
    this.#runtime.silence();
    void this.#queue.close().then(() => {
      this.#runtime.dispose();
      this.#onDispose?.();
    });
  }
}

async function resultsOf(
  running: Promise<PlanResult>,
  pictures: readonly RgbaPicture[],
  { planned, ...facts }: Pick<PictureResult, "compile" | "classNames"> & { readonly planned: number },
): Promise<PictureResult[]> {
  const result = await running;
  const ofBatch = unpackOutputs(result);
  const elapsed = performance.now() - planned;
  const { timings, stages } = result;
  return pictures.map(({ width, height }, index) => {
    const outputs = outputsOfPicture(ofBatch, index);
    return { ...facts, width, height, outputs, elapsed, timings, stages };
  });
}
