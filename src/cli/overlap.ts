/**
 * Works through a list with three things at once: while the GPU works on one item, the next ones are loaded and the
 * last one is finished. Items are run and finished in order, one at a time.
 */

export interface Work<Item, Loaded, Result> {
  load(item: Item): Promise<Loaded>;
  run(loaded: Loaded): Promise<Result>;
  finish(item: Item, loaded: Loaded, result: Result): Promise<void>;
  /** Gets what any of the three threw for this item. Throwing here ends the work. */
  fail(item: Item, error: unknown): Promise<void>;
  /** Asked before each item; true ends the work early. */
  readonly stopped?: () => boolean;
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** A promise that never rejects, so that nobody has to wait for it. */
const outcome = <T>(promise: Promise<T>): Promise<Outcome<T>> =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );

/**
 * Items loaded ahead. Each is a picture in memory; a decoder with several threads needs more than one to keep up with a
 * fast GPU.
 */
const AHEAD = 2;

/** Promises of the items in order, at most `AHEAD` of them before they are taken. */
class Loader<Item, Loaded> {
  readonly #loading: Promise<Outcome<Loaded>>[] = [];
  #next = 0;

  constructor(
    private readonly items: readonly Item[],
    private readonly load: (item: Item) => Promise<Loaded>,
  ) {}

  /** Starts loading until `count` items are on their way. */
  fill(count: number): void {
    while (this.#loading.length < count && this.#next < this.items.length) {
      this.#loading.push(outcome(this.load(this.items[this.#next] as Item)));
      this.#next++;
    }
  }

  take(): Promise<Outcome<Loaded>> {
    return this.#loading.shift() as Promise<Outcome<Loaded>>;
  }
}

/** Lets what was started reach the GPU before the CPU is busy. */
const turnOfTheEventLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export async function overlapped<Item, Loaded, Result>(
  items: readonly Item[],
  work: Work<Item, Loaded, Result>,
): Promise<void> {
  const loader = new Loader(items, (item: Item) => work.load(item));
  /** Finishes the last item that ran. */
  let finishLast = async (): Promise<void> => undefined;
  loader.fill(1);
  for (const item of items) {
    if (work.stopped?.()) break;
    const loaded = await loader.take();
    if ("error" in loaded) {
      loader.fill(AHEAD);
      await finishLast();
      finishLast = async () => undefined;
      await work.fail(item, loaded.error);
      continue;
    }
    const running = outcome(work.run(loaded.value));
    await turnOfTheEventLoop();
    loader.fill(AHEAD);
    await finishLast();
    const result = await running;
    finishLast = () => finishItem(work, item, loaded.value, result);
  }
  await finishLast();
}

async function finishItem<Item, Loaded, Result>(
  work: Work<Item, Loaded, Result>,
  item: Item,
  loaded: Loaded,
  result: Outcome<Result>,
): Promise<void> {
  if ("error" in result) return work.fail(item, result.error);
  try {
    await work.finish(item, loaded, result.value);
  } catch (error) {
    await work.fail(item, error);
  }
}
