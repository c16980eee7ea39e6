/** Asks the worker about pixels, one at a time. A fast pointer replaces the pixel that waits, so no queue builds up. */
export class Probes {
  readonly #send: (x: number, y: number) => void;
  #next: { readonly x: number; readonly y: number } | undefined;
  #pending = false;

  constructor(send: (x: number, y: number) => void) {
    this.#send = send;
  }

  ask(x: number, y: number): void {
    this.#next = { x, y };
    if (!this.#pending) this.answered();
  }

  /** The last question was answered, or never will be: asks the next one. */
  answered(): void {
    const next = this.#next;
    this.#next = undefined;
    this.#pending = next !== undefined;
    if (next) this.#send(next.x, next.y);
  }

  /** The device is lost: the next question need not wait for the last answer. */
  reset(): void {
    this.#pending = false;
  }
}
