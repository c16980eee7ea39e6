/** Work on a row of items, several at a time, results in the order of the items. */

/**
 * Calls `start` for the next item while fewer than `inFlight` results are outstanding. An error of an item comes in its turn and ends
 * the row; whoever stops early, or is stopped, leaves nothing running behind.
 */
export async function* inOrder<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  inFlight: number,
  start: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  const outstanding: Promise<Result>[] = [];
  try {
    for await (const item of items) {
      const result = start(item);
      result.catch(() => undefined); // it is reported in its turn
      outstanding.push(result);
      if (outstanding.length >= inFlight) yield await (outstanding.shift() as Promise<Result>);
    }
    while (outstanding.length) yield await (outstanding.shift() as Promise<Result>);
  } finally {
    await Promise.allSettled(outstanding);
  }
}
