/** Exit codes of signals, and an orderly end: temporary files, folders and child processes go in handlers of `exit`. */
import { printError } from "./output.js";

/** What shells report: 128 and the number of the signal. */
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Exit code after Ctrl-C. */
export const INTERRUPTED = EXIT_CODES.SIGINT;

export interface Interrupts {
  /** Whether Ctrl-C was pressed. */
  readonly stopped: () => boolean;
  /** Stops watching. */
  readonly end: () => void;
}

/** Watches for Ctrl-C: the first says so and asks the loop to end, the second ends the program. */
export function watchInterrupts(message: string): Interrupts {
  let stopped = false;
  const onInterrupt = (): void => {
    if (stopped) process.exit(INTERRUPTED);
    stopped = true;
    printError(message);
  };
  process.on("SIGINT", onInterrupt);
  return { stopped: () => stopped, end: () => process.off("SIGINT", onInterrupt) };
}

/** Ends the program on a signal, unless a command listens for it too. */
export function endOnSignals(): void {
  for (const [signal, code] of Object.entries(EXIT_CODES)) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(code);
    });
  }
}
