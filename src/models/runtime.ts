/**
 * What a model has on a device: its weights, its plans, and the queue of its calls. When the device is lost all of that is gone;
 * recover() makes it anew on another device. Nothing is kept twice for it: weights are read again from the checkpoint, which
 * stays open as long as the model.
 */
import { abortable } from "../base/abort.js";
import { FcnError } from "../base/errors.js";
import { badOption, checkKind, checkOneOf } from "../base/options.js";
import type { Device, LostListener } from "../gpu/device.js";
import type { VariantChoice } from "../kernel/choice.js";
import type { Graph } from "../plan/graph.js";
import { Plan } from "../plan/plan.js";
import type { PlanOptions } from "../plan/plan.js";
import { WeightStore } from "../plan/weight-store.js";
import { Tuner } from "../tuning/tuner.js";
import type { TuningStore } from "../tuning/tuner.js";
import { PlanCache } from "./plans.js";

/** Whether a call after a loss opens another device by itself ("auto"), or rejects until recover() was called ("manual"). */
export type Recovery = "manual" | "auto";

export interface RuntimeOptions {
  /** What errors call the model. */
  readonly name: string;
  readonly device: Device;
  /** Opens a device like the first. With it the model owns its devices and closes them; without it `device` is the caller's. */
  readonly openDevice?: (() => Promise<Device>) | undefined;
  /** Default "manual". */
  readonly recover?: Recovery | undefined;
  /** Plans kept (default 4); each holds its activations. */
  readonly maxPlans?: number | undefined;
  /** Kernel variants are chosen by measuring where there is a choice, and the choices kept here; without it the defaults run. */
  readonly tuning?: TuningStore | undefined;
  /** Called once by dispose(), after all on the device was freed. */
  readonly onDispose?: (() => void) | undefined;
}

export class Runtime {
  readonly #name: string;
  readonly #openDevice: (() => Promise<Device>) | undefined;
  readonly #auto: boolean;
  readonly #onDispose: (() => void) | undefined;
  readonly #listeners = new Set<LostListener>();
  #device: Device;
  #owned: boolean;
  #store: WeightStore;
  readonly #tuning: TuningStore | undefined;
  #tuner: Tuner | undefined;
  #unwatch: () => void;
  readonly #plans: PlanCache;
  #queue: Promise<unknown> = Promise.resolve();
  readonly #running = new Set<Promise<unknown>>();
  #disposed = false;

  /** @throws bad-option */
  constructor({ name, device, openDevice, recover = "manual", maxPlans = 4, tuning, onDispose }: RuntimeOptions) {
    if (!Number.isInteger(maxPlans) || maxPlans < 1)
      throw badOption(`maxPlans must be a whole number of 1 or more, got ${maxPlans}`);
    checkRecovery(recover, openDevice !== undefined);
    this.#name = name;
    this.#openDevice = openDevice;
    this.#auto = recover === "auto";
    this.#onDispose = onDispose;
    this.#owned = openDevice !== undefined;
    this.#plans = new PlanCache(maxPlans);
    this.#tuning = tuning;
    this.#device = device;
    this.#store = new WeightStore(device);
    this.#tuner = tuning && new Tuner(device, tuning);
    this.#unwatch = this.#watch(device);
  }

  /** The device in use; another one after a recovery. */
  get device(): Device {
    return this.#device;
  }

  get store(): WeightStore {
    return this.#store;
  }

  get plans(): PlanCache {
    return this.#plans;
  }

  /** Bytes of GPU memory in use. */
  get memory(): { weights: number; plans: number } {
    return { weights: this.#store.bytes, plans: this.#plans.bytes };
  }

  /** A plan on the device in use. `fixed` variants go before measured ones. @throws what Plan.create throws */
  async plan(graph: Graph, fixed: VariantChoice | undefined, options: PlanOptions): Promise<Plan> {
    const choice = (await this.#tuner?.choose(graph, fixed, options.precision, options.signal)) ?? fixed;
    return Plan.create(this.#device, graph, this.#store, choice, options);
  }

  /**
   * Runs `work` after all that was asked for before it; the next call waits until it has ended, aborted or not.
   * @throws disposed, the signal's reason
   */
  call<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const result = this.#enqueue(async () => {
      signal?.throwIfAborted();
      if (this.#auto && this.#device.lostError) await this.#move();
      return work();
    });
    return abortable(result, signal);
  }

  /** Work on the GPU that outlives the call that began it: dispose() lets it end. Whoever awaits it reports its error. */
  track(work: Promise<unknown>): void {
    const ended = work.then(nothing, nothing).then(() => void this.#running.delete(ended));
    this.#running.add(ended);
  }

  /** `listener` is called once for each device that is lost. Returns what takes it off again. */
  onLost(listener: LostListener): () => void {
    checkKind("onLost: listener", listener, "a function");
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * After a loss: the model on `device`, or on a new one like the first. Waits for the calls before it, which reject; does
   * nothing while the device is well.
   */
  async recover(device?: Device): Promise<void> {
    if (device !== undefined) checkKind("recover: device", device, "a Device of requestDevice()");
    return this.#enqueue(async () => {
      if (await this.#gone()) await this.#move(device);
    });
  }

  /** Asks the device itself: the news of a loss may still be on its way. */
  async #gone(): Promise<boolean> {
    const device = this.#device;
    try {
      device.check();
      await device.settle(device.gpu.queue.onSubmittedWorkDone());
      return false;
    } catch (error) {
      if (device.lostError || device.disposed) return true;
      throw error;
    }
  }

  async #move(given?: Device): Promise<void> {
    const device = given ?? (await this.#openDevice?.());
    if (!device)
      throw badOption(`${this.#name} runs on a device that was given to it: open another one and give it to recover()`);
    device.assertUsable();
    this.#free();
    this.#owned = given === undefined;
    this.#device = device;
    this.#store = new WeightStore(device);
    this.#tuner = this.#tuning && new Tuner(device, this.#tuning);
    this.#unwatch = this.#watch(device);
  }

  #watch(device: Device): () => void {
    return device.onLost((error) => {
      // Each in a turn of its own: one that throws keeps no other from hearing it.
      for (const listener of this.#listeners) queueMicrotask(() => listener(error));
    });
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(() => {
      if (this.#disposed) throw new FcnError("disposed", `${this.#name} was disposed; load it again`);
      return work();
    });
    this.#queue = result.catch(() => undefined);
    return result;
  }

  #free(): void {
    this.#unwatch();
    this.#plans.dispose();
    this.#store.dispose();
    if (this.#owned) this.#device.dispose();
  }

  /** Frees all of it once what runs has ended; what waits in the queue rejects. Idempotent. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#listeners.clear();
    void this.#queue
      .then(() => Promise.all(this.#running))
      .then(() => {
        this.#free();
        this.#onDispose?.();
      });
  }
}

const nothing = (): void => undefined;

/** @throws bad-option */
export function checkRecovery(recover: Recovery, owned: boolean): void {
  checkOneOf("recover", recover, ["manual", "auto"]);
  if (recover === "auto" && !owned)
    throw badOption(
      'recover: "auto" opens devices by itself, so it cannot go with a device of yours; leave one of the two out',
    );
}
