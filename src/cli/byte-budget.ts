/** Bounds the memory of work that several tasks do at once. */
export class ByteBudget {
  readonly #most: number;
  #taken = 0;
  #waiting: (() => void)[] = [];

  /** @param most bytes */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Waits until these bytes fit beside all others, and takes them. What is larger than `most` waits to be alone.
   * @param bytes asked again after each wait
   * @returns what was taken
   */
  async reserve(bytes: () => number): Promise<number> {
    while (this.#taken > 0 && this.#taken + bytes() > this.#most)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const own = bytes();
    this.take(own);
    return own;
  }

  take(bytes: number): void {
    this.#taken += bytes;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
