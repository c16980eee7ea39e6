/** Work on a sequence of items, several at a time, with results in the order of the items. */
import { abortable } from "./abort.js";

interface Outstanding<Result> {
  readonly result: Promise<Result>;
  settled: boolean;
}

const ignore = (): void => undefined;

/**
 * Calls `start` for the next item while fewer than `inFlight` results are outstanding. Yields a result as soon as it is
 * ready and all earlier ones were yielded, whether or not the next item has arrived. An error, of an item or of the
 * source, comes in its turn and ends the sequence. When the consumer stops early or `signal` is aborted, the source is
 * closed and nothing is left running.
 */
export async function* inOrder<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  inFlight: number,
  start: (item: Item) => Promise<Result>,
  signal?: AbortSignal,
): AsyncGenerator<Result, void, undefined> {
  const work = new OrderedWork(items, start, signal);
  try {
    for (;;) {
      if (work.canRequest(inFlight)) work.request();
      const { oldest } = work;
      if (oldest && (oldest.settled || !work.requested)) {
        work.removeOldest();
        yield await oldest.result;
      } else if (work.requested) {
        await Promise.race([work.requested, ...(oldest ? [oldest.result.then(ignore, ignore)] : [])]);
      } else {
        return;
      }
    }
  } finally {
    await work.close();
  }
}

/** The source of the items and the results that were started. */
class OrderedWork<Item, Result> {
  readonly #source: Iterator<Item> | AsyncIterator<Item>;
  readonly #start: (item: Item) => Promise<Result>;
  readonly #signal: AbortSignal | undefined;
  readonly #outstanding: Outstanding<Result>[] = [];
  #requested: Promise<void> | undefined;
  /** The source was asked for an item and has not answered. */
  #isPending = false;
  /** The source has ended or failed, or will have when it answers. It must not be asked again, or closed. */
  #isExhausted = false;
  /** An error was added, or the consumer left: no more items are started. */
  #isStopped = false;

  constructor(
    items: Iterable<Item> | AsyncIterable<Item>,
    start: (item: Item) => Promise<Result>,
    signal: AbortSignal | undefined,
  ) {
    this.#source = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
    this.#start = start;
    this.#signal = signal;
  }

  get oldest(): Outstanding<Result> | undefined {
    return this.#outstanding[0];
  }

  /** Settles when the item that was requested has arrived. Undefined while none is requested. */
  get requested(): Promise<void> | undefined {
    return this.#requested;
  }

  canRequest(inFlight: number): boolean {
    return !this.#isExhausted && !this.#isStopped && !this.#requested && this.#outstanding.length < inFlight;
  }

  /** Asks the source for the next item and starts it. */
  request(): void {
    const forget = (): void => {
      this.#requested = undefined;
    };
    this.#requested = abortable(this.#startNext(), this.#signal)
      .catch((error: unknown) => this.#fail(error as Error))
      .finally(forget);
  }

  removeOldest(): void {
    this.#outstanding.shift();
  }

  async #startNext(): Promise<void> {
    let next: IteratorResult<Item>;
    this.#isPending = true;
    this.#isExhausted = true;
    try {
      next = await this.#source.next();
      this.#isExhausted = next.done === true;
    } finally {
      this.#isPending = false;
    }
    if (next.done) return;
    const item = await next.value;
    if (!this.#isStopped) this.#add(this.#start(item));
  }

  #add(result: Promise<Result>): void {
    const outstanding = { result, settled: false };
    const settle = (): void => {
      outstanding.settled = true;
    };
    result.then(settle, settle); // an error is reported in its turn
    this.#outstanding.push(outstanding);
  }

  #fail(error: Error): void {
    this.#isStopped = true;
    this.#add(Promise.reject(error));
  }

  /** Closes the source and waits for what was started. */
  async close(): Promise<void> {
    this.#isStopped = true;
    // A source with a pending item may never answer, so its closing is not waited for.
    if (this.#isPending) Promise.resolve(this.#source.return?.()).catch(ignore);
    else if (!this.#isExhausted) await this.#source.return?.();
    await Promise.allSettled(this.#outstanding.map(({ result }) => result));
  }
}
