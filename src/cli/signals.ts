/** Exit codes of signals, and an orderly end: temporary files, folders and child processes go in handlers of `exit`. */

/** What shells report: 128 and the number of the signal. */
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Exit code after Ctrl-C. */
export const INTERRUPTED = EXIT_CODES.SIGINT;

/** Ends the program on a signal, unless a command listens for it too. */
export function endOnSignals(): void {
  for (const [signal, code] of Object.entries(EXIT_CODES)) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(code);
    });
  }
}
