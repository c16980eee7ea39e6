/** Runs work one at a time, each when a device is there. */
import { isFcnError } from "fcn-webgpu";

export class WorkQueue {
  readonly #settled: () => Promise<void>;
  /** Settles when all work so far is done. */
  #last: Promise<void> = Promise.resolve();

  /** @param settled resolves when no lost device is being replaced */
  constructor(settled: () => Promise<void>) {
    this.#settled = settled;
  }

  /** @param repeat whether work that lost its device is done once more; else the recovery has done what is needed */
  add(work: () => Promise<void>, repeat: boolean, failed: (error: unknown) => void): void {
    const run = async (): Promise<void> => {
      await this.#settled();
      try {
        await work();
      } catch (error) {
        if (!isFcnError(error, "device-lost")) throw error;
        await this.#settled();
        if (repeat) await work();
      }
    };
    this.#last = this.#last.then(run).catch(failed);
  }
}
