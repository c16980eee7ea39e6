/**
 * The device that a model runs on, and what happens when it is lost: the network moves to another device. Nothing is
 * kept twice for that. Weights are read again from the checkpoint, which stays open as long as the model, and plans are
 * made again.
 */
import { badOption } from "../base/errors.js";
import { checkCount, checkKind, checkOneOf } from "../base/options.js";
import type { Device, LostListener } from "../gpu/device.js";
import { NetworkOnDevice } from "./network-on-device.js";
import type { NetworkPlans } from "./network-on-device.js";

/** "auto": the first call after a loss opens another device. "manual": calls reject until recover() was called. */
export type Recovery = "manual" | "auto";

export interface DeviceChoice {
  readonly device: Device;
  /** Opens a device like the first. With it the model owns its devices and closes them, `device` included. */
  readonly openDevice?: (() => Promise<Device>) | undefined;
  /** Default "manual". */
  readonly recover?: Recovery | undefined;
}

export interface RuntimeOptions<Kind extends string> extends DeviceChoice, NetworkPlans<Kind> {
  /** Names the model in errors, as in "the model fcn8s". */
  readonly name: string;
}

export class Runtime<Kind extends string> {
  readonly #options: RuntimeOptions<Kind>;
  readonly #listeners = new Set<LostListener>();
  #network: NetworkOnDevice<Kind>;
  #isOwned: boolean;
  #stopWatching: () => void;

  /** @throws bad-option */
  constructor(options: RuntimeOptions<Kind>) {
    const { device, openDevice, recover = "manual", maxPlans, tile } = options;
    if (maxPlans !== undefined) checkCount("maxPlans", maxPlans);
    if (tile !== undefined) checkCount("tile", tile);
    checkRecovery(recover, openDevice !== undefined);
    this.#options = options;
    this.#isOwned = openDevice !== undefined;
    this.#network = new NetworkOnDevice(device, options);
    this.#stopWatching = this.#watch(device);
  }

  /** The network on the device in use; another object after a recovery. */
  get network(): NetworkOnDevice<Kind> {
    return this.#network;
  }

  /** Calls `listener` once for each device that is lost. Returns an unsubscribe function. @throws bad-option */
  onLost(listener: LostListener): () => void {
    checkKind("onLost: listener", listener, "a function");
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Removes all listeners: a model that was disposed of reports no loss. */
  silence(): void {
    this.#listeners.clear();
  }

  /** After a loss: moves to `device`, or to a new one like the first. Does nothing while the device works. */
  async recover(device?: Device): Promise<void> {
    if (await this.#isGone()) await this.#move(device);
  }

  /** With `recover: "auto"`: moves to a new device when the loss of the present one is known. */
  async recoverByItself(): Promise<void> {
    const isAutomatic = this.#options.recover === "auto";
    if (isAutomatic && this.#network.device.lostError) await this.#move();
  }

  /** Asks the device itself, because the event of its loss may not have arrived yet. */
  async #isGone(): Promise<boolean> {
    const { device } = this.#network;
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
    const { name, openDevice } = this.#options;
    const device = given ?? (await openDevice?.());
    if (!device)
      throw badOption(`${name} runs on a device that was given to it: open another one and give it to recover()`);
    device.assertUsable();
    this.dispose();
    this.#isOwned = given === undefined;
    this.#network = new NetworkOnDevice(device, this.#options);
    this.#stopWatching = this.#watch(device);
  }

  #watch(device: Device): () => void {
    return device.onLost((error) => {
      // A microtask for each listener: one that throws does not keep the others from being called.
      for (const listener of this.#listeners) queueMicrotask(() => listener(error));
    });
  }

  /** Frees the network, and the device if the model opened it. */
  dispose(): void {
    this.#stopWatching();
    this.#network.dispose();
    if (this.#isOwned) this.#network.device.dispose();
  }
}

/** `ownsDevice`: the model opens its devices itself. @throws bad-option */
export function checkRecovery(recover: Recovery, ownsDevice: boolean): void {
  checkOneOf("recover", recover, ["manual", "auto"]);
  if (recover === "auto" && !ownsDevice)
    throw badOption(
      'recover: "auto" opens devices by itself, so it cannot go with a device of yours; leave one of the two out',
    );
}
