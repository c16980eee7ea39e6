/** Exit codes of signals, and an orderly end: temporary files, folders and child processes go in handlers of `exit`. */
import { TRY_AGAIN } from "./exit-codes.js";
import { printError } from "./output.js";

/** What shells report: 128 and the number of the signal. */
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Exit code after Ctrl-C. */
const INTERRUPTED = EXIT_CODES.SIGINT;

/** How many loops watch for signals themselves. */
let watching = 0;

export interface Interrupts {
  /** Whether a signal asked for the end. */
  readonly stopped: () => boolean;
  /** The exit code that it stands for; undefined while there was none. */
  readonly exitCode: () => number | undefined;
  /** Stops watching. */
  readonly end: () => void;
}

/**
 * Watches for Ctrl-C, and for SIGTERM, with which schedulers take a machine away: the first says so and asks the loop
 * to end, the second ends the program. After SIGTERM another run goes on, so the code is that of "try me again".
 */
export function watchInterrupts(message: string): Interrupts {
  const codes = { SIGINT: INTERRUPTED, SIGTERM: TRY_AGAIN } as const;
  let code: number | undefined;
  const onSignal = (signal: keyof typeof codes) => (): void => {
    if (code !== undefined) process.exit(codes[signal]);
    code = codes[signal];
    printError(message);
  };
  const [onInterrupt, onTerm] = [onSignal("SIGINT"), onSignal("SIGTERM")];
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onTerm);
  watching++;
  return {
    stopped: () => code !== undefined,
    exitCode: () => code,
    end: () => {
      process.off("SIGINT", onInterrupt);
      process.off("SIGTERM", onTerm);
      watching--;
    },
  };
}

/**
 * While no loop watches for it, SIGTERM ends the program at once with the code of "try me again": for work that another
 * run goes on with. Gives the function that ends this.
 */
export function tryAgainOnTerm(message: string): () => void {
  const onTerm = (): void => {
    if (watching) return;
    printError(message);
    process.exit(TRY_AGAIN);
  };
  process.on("SIGTERM", onTerm);
  return () => void process.off("SIGTERM", onTerm);
}

/** Ends the program on a signal, unless a command listens for it too. */
export function endOnSignals(): void {
  for (const [signal, code] of Object.entries(EXIT_CODES)) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(code);
    });
  }
}
