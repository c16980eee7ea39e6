/** What a pool (pool.ts) and its threads (serve.ts) say to each other. */
import { FcnError, isFcnError, messageOf } from "../../base/errors.js";
import type { FcnErrorCode } from "../../base/errors.js";

/** An error as it crosses threads: a structured clone would lose its class and codes. */
export interface SentError {
  /** Of an FcnError. */
  readonly code?: FcnErrorCode;
  /** Of the operating system, such as ENOSPC. */
  readonly errno?: string;
  readonly message: string;
  readonly cause?: SentError;
}

/** A thread works on one task at a time, so an answer needs no number. `ready` comes first, when its modules run. */
export type ThreadAnswer<Result> =
  { readonly ready: true } | { readonly result: Result } | { readonly error: SentError };

/** What an error says; its name where it says nothing. */
export const namedMessage = (error: unknown): string => messageOf(error) || String((error as Error).name);

/** A message arrived that cannot be read; the thread that gets it goes on. */
export const unreadable = (what: "task" | "answer", error: unknown): Error =>
  new Error(`the ${what} of a thread cannot be read: ${namedMessage(error)}`, { cause: error });

/** Causes of causes that are sent: an error may be its own cause. */
const MOST_CAUSES = 8;

export function sentError(error: unknown, causes = MOST_CAUSES): SentError {
  const { code, cause } = (error ?? {}) as NodeJS.ErrnoException;
  const codes = isFcnError(error) ? { code: error.code } : {};
  const errno = !isFcnError(error) && typeof code === "string" ? { errno: code } : {};
  const sentCause = cause === undefined || causes === 0 ? {} : { cause: sentError(cause, causes - 1) };
  return { message: messageOf(error), ...codes, ...errno, ...sentCause };
}

export function receivedError({ code, errno, message, cause }: SentError): Error {
  const options = cause === undefined ? {} : { cause: receivedError(cause) };
  if (code !== undefined) return new FcnError(code, message, options);
  const error = new Error(message, options);
  return errno === undefined ? error : Object.assign(error, { code: errno });
}
