/** Reads pictures before their turn, while there is memory for them and for what is made of them. */
import { ByteBudget } from "./byte-budget.js";
import { Lanes } from "./lanes.js";

/** What is read ahead may take this many bytes together. A single picture may take more: it is then alone. */
const MOST_BYTES_AHEAD = 2 ** 30;

/** Something that was read, and the memory that is kept for it. */
export interface Held<Value> {
  readonly value: Value;
  readonly bytes: number;
}

export class ReadAhead<Value> {
  readonly #budget: ByteBudget;
  readonly #disk: Lanes<"disk">;
  readonly #bytesOf: (value: Value) => number;
  /** What the next one is expected to need. Of the first nothing is known, so it has all memory for itself. */
  #expected: number;

  /**
   * @param atOnce that are read at the same time
   * @param bytesOf memory of one, until free() is called for it
   * @param most bytes of all
   */
  constructor(atOnce: number, bytesOf: (value: Value) => number, most = MOST_BYTES_AHEAD) {
    this.#disk = new Lanes(["disk"], atOnce);
    this.#bytesOf = bytesOf;
    this.#budget = new ByteBudget(most);
    this.#expected = most;
  }

  /**
   * Calls `load` when there is memory for another one. The size is known late, so the last one's is expected.
   * Undefined, without a call, where `stopped` is true by then.
   */
  read(load: () => Promise<Value>, stopped: () => boolean): Promise<Held<Value> | undefined> {
    return this.#disk.run(async () => {
      const expected = await this.#budget.reserve(() => this.#expected);
      try {
        if (stopped()) return undefined;
        const value = await load();
        const bytes = this.#bytesOf(value);
        this.#expected = bytes;
        this.#budget.take(bytes);
        return { value, bytes };
      } finally {
        this.#budget.give(expected);
      }
    });
  }

  /** Nothing of it is used any more. */
  free({ bytes }: Held<Value>): void {
    this.#budget.give(bytes);
  }
}
