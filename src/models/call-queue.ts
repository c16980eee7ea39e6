/** The calls on a model: one after the other, in the order in which they were made. */
import { FcnError } from "../base/errors.js";

const ignore = (): void => undefined;

export class CallQueue {
  readonly #owner: string;
  /** Settles when the newest call has ended. */
  #last: Promise<unknown> = Promise.resolve();
  /** Work on the GPU that goes on after its call has ended. */
  readonly #tracked = new Set<Promise<unknown>>();
  #closed = false;

  /** `owner` names the model in errors, as in "the model fcn8s". */
  constructor(owner: string) {
    this.#owner = owner;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Runs `work` after all earlier calls; later calls wait until its promise has settled. @throws disposed */
  add<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(() => {
      if (this.#closed) throw new FcnError("disposed", `${this.#owner} was disposed; load it again`);
      return work();
    });
    this.#last = result.catch(ignore);
    return result;
  }

  /** Makes close() wait for `work`, which outlives the call that began it. Its error is left to those who await it. */
  track(work: Promise<unknown>): void {
    const ended = work.then(ignore, ignore).then(() => void this.#tracked.delete(ended));
    this.#tracked.add(ended);
  }

  /** Resolves when all tracked work has ended. In a call nothing is added to it meanwhile. */
  async idle(): Promise<void> {
    await Promise.all(this.#tracked);
  }

  /** Rejects the calls that still wait. Resolves when the call in progress and all tracked work have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
    await this.idle();
  }
}
