/** A progress bar on stderr, on a terminal only: `[#####.....] 12/40  3.1/s  9 s left  name`. */

export interface Progress {
  step(name: string): void;
  /** Removes the bar, so that a line can be printed; the next step draws it again. */
  clear(): void;
}

export function progress(total: number, stream: NodeJS.WriteStream = process.stderr): Progress {
  if (!stream.isTTY || total < 2) return { step: () => undefined, clear: () => undefined };
  const start = performance.now();
  let done = 0;
  const clear = (): void => void stream.write("\r\x1b[2K");
  return {
    clear,
    step(name) {
      done++;
      const seconds = (performance.now() - start) / 1000;
      const rate = done / seconds;
      const cells = 24;
      const full = Math.round((done / total) * cells);
      const left = done < total ? `${duration((total - done) / rate)} left` : "done";
      const line = `[${"#".repeat(full)}${".".repeat(cells - full)}] ${done}/${total}  ${rate.toFixed(1)}/s  ${left}  ${name}`;
      clear();
      stream.write(line.slice(0, Math.max(20, (stream.columns || 80) - 1)));
      if (done === total) stream.write("\n");
    },
  };
}

/** `45 s`, `12 min`, `3.5 h`. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${Math.ceil(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
