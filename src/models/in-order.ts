/** Work on a row of items, several at a time, results in the order of the items. */
import { abortable } from "../base/abort.js";

interface Started<Result> {
  readonly result: Promise<Result>;
  settled: boolean;
}

/**
 * Calls `start` for the next item while fewer than `inFlight` results are outstanding, and gives each result as soon as it is there
 * and its turn has come, whether or not the next item has. An error, of an item or of the row itself, comes in its turn and ends
 * the row. Whoever stops early, or is stopped by `signal`, leaves nothing running behind and the row closed.
 */
export async function* inOrder<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  inFlight: number,
  start: (item: Item) => Promise<Result>,
  signal?: AbortSignal,
): AsyncGenerator<Result, void, undefined> {
  const row = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const outstanding: Started<Result>[] = [];
  let asked: Promise<void> | undefined; // for the next item
  let [owed, ended, stopped] = [false, false, false]; // the row: asked without an answer yet, at its end, not to be asked again

  const add = (result: Promise<Result>): void => {
    const started = { result, settled: false };
    const settle = (): void => void (started.settled = true);
    result.then(settle, settle); // an error is reported in its turn
    outstanding.push(started);
  };
  const ask = async (): Promise<void> => {
    let next: IteratorResult<Item>;
    owed = ended = true;
    try {
      next = await row.next();
      ended = next.done === true;
    } finally {
      owed = false;
    }
    if (next.done) return;
    const item = await next.value;
    if (!stopped) add(start(item));
  };
  const fail = (error: Error): void => {
    stopped = true;
    add(Promise.reject(error));
  };

  try {
    for (;;) {
      if (!ended && !stopped && outstanding.length < inFlight)
        asked ??= abortable(ask(), signal)
          .catch(fail)
          .finally(() => (asked = undefined));
      const oldest = outstanding[0];
      if (oldest && (oldest.settled || !asked)) {
        outstanding.shift();
        yield await oldest.result;
      } else if (asked) await Promise.race(oldest ? [asked, oldest.result.then(nothing, nothing)] : [asked]);
      else return;
    }
  } finally {
    stopped = true;
    // A row that owes an item may never answer, so nobody waits for it.
    if (owed) Promise.resolve(row.return?.()).catch(nothing);
    else if (!ended) await row.return?.();
    await Promise.allSettled(outstanding.map(({ result }) => result));
  }
}

const nothing = (): void => undefined;
