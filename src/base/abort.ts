/** AbortSignals: a caller who gives one is answered at once, whatever the work is waiting for. https://dom.spec.whatwg.org/#aborting-ongoing-activities */

import { checkOptions } from "./options.js";
import type { Kinds } from "./options.js";

/** What calls that can be given up take. */
export interface Abortable {
  /** Rejects the call with the signal's reason as soon as it is aborted; what the call held is freed, and the model goes on. */
  readonly signal?: AbortSignal | undefined;
}

export const ABORTABLE_KINDS: Kinds<Abortable> = { signal: "an AbortSignal" };

/** The signal of a call that takes no other option; `call` is how it begins, as "segment(picture". @throws bad-option */
export function checkSignal(call: string, options: Abortable): AbortSignal | undefined {
  checkOptions(`${call}, { signal: ... })`, options, ABORTABLE_KINDS);
  return options.signal;
}

/** `work`, or a rejection with the signal's reason when it is aborted first; what `work` gives after that goes to `discard`. */
export function abortable<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  discard?: (late: T) => void,
): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    const done = (value: T): void => {
      signal.removeEventListener("abort", abort);
      if (signal.aborted) discard?.(value);
      resolve(value);
    };
    const failed = (error: Error): void => {
      signal.removeEventListener("abort", abort);
      reject(error);
    };
    work.then(done, failed);
    if (signal.aborted) abort();
  });
}
