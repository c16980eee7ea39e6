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
import type { RgbaPicture } from "../image/picture.js";
import type { Precision } from "../kernel/variant.js";
import { groupBySize, uploadBytes } from "./batches.js";
import { CallQueue } from "./call-queue.js";
import type { NetworkOnDevice } from "./network-on-device.js";
import { PictureCall } from "./picture-call.js";
import type { HoldImage } from "./picture-call.js";
import { resultsOf } from "./picture-result.js";
import type { PictureResult } from "./picture-result.js";
import { Runtime } from "./runtime.js";
import type { RuntimeOptions } from "./runtime.js";

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

/** What a call does in its turn. */
type Work<Kind extends string, T> = (network: NetworkOnDevice<Kind>, call: PictureCall) => Promise<T>;

/** Pictures of one size that one call runs together. */
interface Group {
  readonly pictures: readonly RgbaPicture[];
  readonly call: PictureCall;
  readonly signal: AbortSignal | undefined;
}

/** What the GPU works on. */
interface Submitted {
  readonly results: Promise<PictureResult[]>;
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
    const work: Work<Kind, PictureResult[]> = async (network, call) => {
      const pictures = await call.read();
      const results: PictureResult[] = [];
      for (const indices of groupBySize(pictures)) {
        const group = indices.map((index) => pictures[index] as RgbaPicture);
        const ofGroup = await this.#runGroup(network, kind, { pictures: group, call, signal });
        for (const [i, index] of indices.entries()) results[index] = ofGroup[i] as PictureResult;
      }
      return results;
    };
    return this.turnWith(images, work, signal);
  }

  /** One result of each kind for one image, in order. @throws as run() */
  async runKinds(kinds: readonly Kind[], image: Image, signal?: AbortSignal): Promise<PictureResult[]> {
    const work: Work<Kind, PictureResult[]> = async (network, call) => {
      const pictures = await call.read();
      const results: PictureResult[] = [];
      for (const kind of kinds) results.push(...(await this.#runGroup(network, kind, { pictures, call, signal })));
      return results;
    };
    return this.turnWith([image], work, signal);
  }

  /** As run() for one image, but the next call begins as soon as the GPU has this picture. */
  async runOverlapped(kind: Kind, image: Image, signal?: AbortSignal): Promise<PictureResult> {
    const work: Work<Kind, Submitted> = async (network, call) =>
      this.#submit(network, kind, { pictures: await call.read(), call, signal });
    const { results } = await this.turnWith([image], work, signal);
    const [result] = await abortable(results, signal);
    return result as PictureResult;
  }

  /** Makes the plan for one picture of this size and runs it once. @throws as run() */
  warmup(kind: Kind, height: number, width: number, signal?: AbortSignal): Promise<void> {
    return this.turn(async (network) => {
      // The plan comes first: it reports a size that does not fit before a picture of that size is allocated.
      await network.planFor({ kind, count: 1, height, width }, signal);
      const blank = toRgba({ width, height, data: new Uint8Array(width * height * 4) });
      await this.#runGroup(network, kind, { pictures: [blank], call: new PictureCall(), signal });
    }, signal);
  }

  /**
   * As turn(), with images as they are now, which `work` reads. A call whose images are downloaded waits for its turn
   * once they have come, so that a slow server delays no other call.
   * @throws bad-image, and as turn()
   */
  async turnWith<T>(
    images: readonly Image[],
    work: Work<Kind, T>,
    signal?: AbortSignal,
    discard?: (late: T) => void,
  ): Promise<T> {
    const held = PictureCall.of(images, this.#holdImage, signal);
    // Without a download the call gets its place in the queue at once.
    const call = held instanceof PictureCall ? held : await held;
    return this.turn((network) => work(network, call), signal, discard);
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
  async #runGroup(network: NetworkOnDevice<Kind>, kind: Kind, group: Group): Promise<PictureResult[]> {
    try {
      const { results } = await this.#submit(network, kind, group);
      return await results;
    } catch (error) {
      const { pictures } = group;
      if (!isTooLarge(error) || pictures.length === 1) throw error;
      const half = Math.ceil(pictures.length / 2);
      const first = await this.#runGroup(network, kind, { ...group, pictures: pictures.slice(0, half) });
      const second = await this.#runGroup(network, kind, { ...group, pictures: pictures.slice(half) });
      return [...first, ...second];
    }
  }

  /** Hands a batch to the GPU. `results` waits for it. */
  async #submit(network: NetworkOnDevice<Kind>, kind: Kind, { pictures, call, signal }: Group): Promise<Submitted> {
    signal?.throwIfAborted();
    const { width, height } = pictures[0] as RgbaPicture;
    const plan = await network.planFor({ kind, count: pictures.length, height, width }, signal);
    signal?.throwIfAborted();
    const planned = performance.now();
    const picture = uploadBytes(pictures, network.resizeOf(kind));
    const shrink = performance.now() - planned;
    const facts = { compile: network.compile, classNames: this.#classNames(), call };
    const results = resultsOf(plan.run({ picture }, signal), pictures, shrink, facts);
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
