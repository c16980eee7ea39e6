/** Opens the GPU device, and opens it again after a loss. */
import { isFcnError, requestDevice } from "fcn-webgpu";
import type { Device } from "fcn-webgpu";
import { errorText } from "../error-text.js";

/** Milliseconds before each attempt to open a lost device: a crashed GPU process needs a moment. */
const RETRY_DELAYS = [100, 400, 1500, 4000];

/** More losses than MAX_LOSSES within this time end recovery: opening the device again does not help. */
const LOSS_WINDOW_MS = 20_000;
const MAX_LOSSES = 3;

export interface DeviceEvents {
  opened(device: Device): void;
  /** The device is lost. The next one is about to be opened. */
  lost(message: string): void;
  /** Moves everything to the new device. A loss meanwhile starts over. */
  restore(device: Device): Promise<void>;
  recovered(): void;
  /** No device could be opened, or nothing could be restored on it. */
  gaveUp(message: string): void;
}

export class DeviceKeeper {
  readonly #events: DeviceEvents;
  #device: Device | undefined;
  /** Times of the recent losses. */
  #losses: number[] = [];
  #recovery: Promise<void> | undefined;

  constructor(events: DeviceEvents) {
    this.#events = events;
  }

  /** Undefined before the first open() and while a lost device is replaced. */
  get device(): Device | undefined {
    return this.#device;
  }

  /** @throws no-webgpu, no-adapter */
  async open(): Promise<Device> {
    const device = await requestDevice();
    this.#device = device;
    this.#events.opened(device);
    void device.lost.then((error) => {
      this.#recovery = this.#recover(error.message);
    });
    return device;
  }

  /** Resolves when no recovery is running. */
  async settled(): Promise<void> {
    let awaited: Promise<void> | undefined;
    do {
      awaited = this.#recovery;
      await awaited;
    } while (awaited !== this.#recovery); // a second loss has started another one
  }

  async #recover(message: string): Promise<void> {
    this.#events.lost(message);
    const lost = this.#device;
    this.#device = undefined;
    try {
      await this.#replace(message);
    } finally {
      lost?.dispose(); // not before: what still runs on it ends with device-lost, which nobody is told of
    }
  }

  async #replace(message: string): Promise<void> {
    const now = performance.now();
    this.#losses = [...this.#losses.filter((time) => now - time < LOSS_WINDOW_MS), now];
    if (this.#losses.length > MAX_LOSSES) {
      const count = `that was the ${this.#losses.length}th time in ${LOSS_WINDOW_MS / 1000} seconds`;
      return this.#events.gaveUp(`${message}; ${count}`);
    }
    for (const delay of RETRY_DELAYS) {
      await new Promise((resolve) => setTimeout(resolve, delay));
      try {
        await this.#events.restore(await this.open());
        return this.#events.recovered();
      } catch (error) {
        if (isFcnError(error, "device-lost")) return; // the loss of the new device has started its own recovery
        if (!isFcnError(error, "no-adapter")) return this.#events.gaveUp(`${message}; ${errorText(error)}`);
      }
    }
    this.#events.gaveUp(message);
  }
}
