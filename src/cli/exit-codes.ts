/** Exit codes that schedulers understand, and which errors pass by themselves. */
import { FcnError } from "../base/errors.js";
import { BrokenOff } from "../weights/transfer.js";

/** "Try me again", EX_TEMPFAIL of sysexits.h: the cause may be gone by the next run, and --resume goes on. */
export const TRY_AGAIN = 75;

/**
 * Errors of the system that pass: a full disk, a network or a file server that is away, and the system's own shortages.
 */
const PASSING_CODES = new Set([
  ...["ENOSPC", "EDQUOT"],
  ...["ETIMEDOUT", "ECONNRESET", "ECONNREFUSED", "EHOSTUNREACH", "EHOSTDOWN", "ENETUNREACH", "ENETDOWN", "EAI_AGAIN"],
  ...["ESTALE", "EREMOTEIO", "ENOTCONN"],
  ...["EAGAIN", "EBUSY", "EMFILE", "ENFILE", "ENOMEM"],
]);

/** Errors of the disk after which no result can be written. */
const FULL_CODES = new Set(["ENOSPC", "EDQUOT"]);

/** The error and its causes. */
function* chainOf(error: unknown): Generator<unknown> {
  const seen = new Set<unknown>();
  for (let at = error; at !== undefined && at !== null && !seen.has(at); at = (at as Error).cause) {
    seen.add(at);
    yield at;
  }
}

const hasCode = (error: unknown, codes: ReadonlySet<string>): boolean => {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === "string" && codes.has(code);
};

/** Whether the disk, or the user's share of it, is full. */
export const isDiskFull = (error: unknown): boolean => [...chainOf(error)].some((at) => hasCode(at, FULL_CODES));

/** What fetch says of a port on which no server of pages may listen, such as 9: it never asks the server. */
const BLOCKED_PORT = "bad port";

/** Whether another run may succeed although nobody changes a thing. */
export function isPassing(error: unknown): boolean {
  const chain = [...chainOf(error)];
  if (chain.some((at) => (at as Error).message === BLOCKED_PORT)) return false;
  return chain.some((at) => {
    if (at instanceof BrokenOff) return true;
    if (at instanceof FcnError) return at.code === "device-lost" || at.code === "out-of-memory";
    return hasCode(at, PASSING_CODES);
  });
}
