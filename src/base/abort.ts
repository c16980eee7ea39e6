/**
 * AbortSignals: a caller who passes one is answered as soon as it is aborted, whatever the work is waiting for.
 * https://dom.spec.whatwg.org/#aborting-ongoing-activities
 */
import { checkOptions } from "./options.js";
import type { Kinds } from "./options.js";

/** Options of calls that can be aborted. */
export interface Abortable {
  /**
   * Rejects the call with the signal's reason as soon as it is aborted. Memory that the call held is freed, and the
   * model stays usable.
   */
  readonly signal?: AbortSignal | undefined;
}

export const ABORTABLE_KINDS: Kinds<Abortable> = { signal: "an AbortSignal" };

/**
 * The signal of a call that takes no other option. `call` is how the call begins: "segment(picture".
 * @throws bad-option
 */
export function checkSignal(call: string, options: Abortable): AbortSignal | undefined {
  checkOptions(`${call}, { signal: ... })`, options, ABORTABLE_KINDS);
  return options.signal;
}

/** What waits for each signal. All of it shares one listener, because Node warns of more than ten. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

const actAll = ({ target }: Event): void => waiting.get(target as AbortSignal)?.forEach((act) => act());

/** Calls `act` when the signal is aborted. @returns what takes it back */
export function whenAborted(signal: AbortSignal, act: () => void): () => void {
  const acts = waiting.get(signal) ?? new Set();
  waiting.set(signal, acts.add(act));
  signal.addEventListener("abort", actAll);
  return () => {
    acts.delete(act);
    if (!acts.size) signal.removeEventListener("abort", actAll);
  };
}

/**
 * Resolves as `work`, or rejects with the signal's reason when it is aborted first. `discard` then gets the late
 * result.
 */
export function abortable<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  discard?: (late: T) => void,
): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    const end = whenAborted(signal, abort);
    const succeed = (value: T): void => {
      end();
      if (signal.aborted) discard?.(value);
      resolve(value);
    };
    const fail = (error: Error): void => {
      end();
      reject(error);
    };
    work.then(succeed, fail);
    if (signal.aborted) abort();
  });
}
