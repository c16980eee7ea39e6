/** Bounds the memory of work that several tasks do at once. */
export class ByteBudget {
  readonly #most: number;
  #taken = 0;
  #waiting: (() => void)[] = [];

  /** @param most bytes */
  constructor(most: number) {
    this.#most = most;
  }

  /** Resolves when fewer bytes than `most` are taken. The sizes of files are known late, so the sum may pass it. */
  async free(): Promise<void> {
    while (this.#taken >= this.#most) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  take(bytes: number): void {
    this.#taken += bytes;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
