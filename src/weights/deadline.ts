/** A deadline for servers that fall silent or only trickle. It counts the time spent waiting, not the work between. */

import { abortable, whenAborted } from "../base/abort.js";

/** Milliseconds; also the bytes that must come in that time, so the slowest transfer has 1,000 bytes a second. */
const STALL_TIMEOUT = 60_000;

/** Covers one request, from its start to the end of the body. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #endOuter: (() => void) | undefined;
  readonly #timeout: number;
  #left: number;
  #received = 0;

  /** `timeout` in milliseconds; `outer` is the caller's signal. */
  constructor(timeout = STALL_TIMEOUT, outer?: AbortSignal) {
    this.#timeout = timeout;
    this.#left = timeout;
    outer?.throwIfAborted();
    this.#endOuter = outer && whenAborted(outer, () => this.#controller.abort(outer.reason));
  }

  /** For fetch. Aborted by the caller's signal, and when the deadline passes. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Resolves as `work`. @throws Error with the numbers when the deadline passes first */
  async wait<T>(work: Promise<T>): Promise<T> {
    const start = performance.now();
    const timer = setTimeout(() => {
      const came = `${this.#received} bytes came in ${this.#timeout / 1000} s`;
      this.#controller.abort(new Error(`${came}, at least ${this.#timeout} must come (stallTimeout)`));
    }, this.#left);
    try {
      return await abortable(work, this.signal);
    } finally {
      clearTimeout(timer);
      this.#left -= performance.now() - start;
    }
  }

  /** Starts the time again once enough has come: `bytes` of a body, or a response. */
  received(bytes = Infinity): void {
    this.#received += bytes;
    if (this.#received < this.#timeout) return;
    this.#received = 0;
    this.#left = this.#timeout;
  }

  /** Call it once the body is read. */
  end(): void {
    this.#endOuter?.();
  }
}
