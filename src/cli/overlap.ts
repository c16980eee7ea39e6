/**
 * A list worked through with three things at once: the next items are loaded and the last one is finished while the GPU works on
 * this one. Items are run and finished in order, one at a time.
 */

export interface Work<Item, Loaded, Result> {
  load(item: Item): Promise<Loaded>;
  run(loaded: Loaded): Promise<Result>;
  finish(item: Item, loaded: Loaded, result: Result): Promise<void>;
  /** What any of the three threw for this item. What is thrown here ends the work. */
  fail(item: Item, error: unknown): Promise<void>;
  /** Asked before each item; true ends the work early. */
  readonly stopped?: () => boolean;
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** Never rejects, so that it may be left alone until it is wanted. */
const outcome = <T>(promise: Promise<T>): Promise<Outcome<T>> =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );

/** Items loaded ahead: decoders of several threads need more than one to keep up with a fast GPU; each is a picture in memory. */
const AHEAD = 2;

export async function overlapped<Item, Loaded, Result>(
  items: readonly Item[],
  work: Work<Item, Loaded, Result>,
): Promise<void> {
  const loading: Promise<Outcome<Loaded>>[] = [];
  let asked = 0;
  const loadUpTo = (count: number): void => {
    for (; asked < Math.min(count, items.length); asked++) loading.push(outcome(work.load(items[asked] as Item)));
  };
  let settleLast = async (): Promise<void> => undefined;
  const settle = async (): Promise<void> => {
    const last = settleLast;
    settleLast = async () => undefined;
    await last();
  };
  loadUpTo(1);
  for (const [i, item] of items.entries()) {
    if (work.stopped?.()) break;
    const loaded = await (loading.shift() as Promise<Outcome<Loaded>>);
    if ("error" in loaded) {
      loadUpTo(i + 1 + AHEAD);
      await settle();
      await work.fail(item, loaded.error);
      continue;
    }
    const running = outcome(work.run(loaded.value));
    await new Promise((resolve) => setImmediate(resolve)); // let it reach the GPU before the CPU is busy
    loadUpTo(i + 1 + AHEAD);
    await settle();
    const result = await running;
    settleLast = async () => {
      if ("error" in result) return work.fail(item, result.error);
      try {
        await work.finish(item, loaded.value, result.value);
      } catch (error) {
        await work.fail(item, error);
      }
    };
  }
  await settle();
}
