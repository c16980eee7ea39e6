/** Progress bars on stderr, on a terminal only, and not with --quiet. */
import { shown } from "../base/printable.js";
import { isQuiet } from "./output.js";

const CELLS = 24;
/** `\r` returns to the first column; the escape sequence clears the line. */
const CLEAR_LINE = "\r\x1b[2K";
const DEFAULT_COLUMNS = 80;
const MIN_COLUMNS = 20;
/** Bars of bytes and of steps are redrawn at most ten times a second. */
const REDRAW_MS = 100;

/** Bars are for people at a terminal who did not say --quiet. */
const isSilent = ({ isTTY }: NodeJS.WriteStream): boolean => !isTTY || isQuiet();

/** `[######..................]`, with `share` from 0 to 1. */
function bar(share: number): string {
  const full = Math.round(share * CELLS);
  return `[${"#".repeat(full)}${".".repeat(CELLS - full)}]`;
}

const columnsOf = ({ columns }: NodeJS.WriteStream): number => Math.max(MIN_COLUMNS, (columns || DEFAULT_COLUMNS) - 1);

const DOTS = "...";
/** The last characters of a path, which tell it from others. */
function endOf(path: string, most: number): string {
  if (path.length <= most) return path;
  return most > DOTS.length ? DOTS + path.slice(DOTS.length - most) : "";
}

/** Replaces the line, cut so that it does not wrap. */
function redraw(stream: NodeJS.WriteStream, line: string): void {
  const columns = columnsOf(stream);
  stream.write(CLEAR_LINE + shown(line, columns).slice(0, columns));
}

export interface ItemBar {
  /** Counts one more item as done. */
  step(name: string): void;
  /** Removes the bar, so that a line can be printed; the next step draws it again. */
  clear(): void;
}

/** `[######..................] 10/40  3.1/s  10 s left  name`; nothing for fewer than two items. */
export function itemBar(total: number, stream: NodeJS.WriteStream = process.stderr): ItemBar {
  if (isSilent(stream) || total < 2) return { step: () => undefined, clear: () => undefined };
  const start = performance.now();
  let done = 0;
  return {
    step(name) {
      done++;
      const seconds = (performance.now() - start) / 1000;
      const rate = done / seconds;
      const left = done < total ? `${duration((total - done) / rate)} left` : "done";
      const head = `${bar(done / total)} ${done}/${total}  ${rate.toFixed(1)}/s  ${left}  `;
      redraw(stream, head + endOf(shown(name, Infinity), columnsOf(stream) - head.length));
      if (done === total) stream.write("\n");
    },
    clear() {
      stream.write(CLEAR_LINE);
    },
  };
}

export interface StatusLine {
  readonly show: (share: number, text: string) => void;
  readonly clear: () => void;
}

/** `[######..................] TEXT`, redrawn at most ten times a second. */
export function statusLine(stream: NodeJS.WriteStream = process.stderr): StatusLine {
  if (isSilent(stream)) return { show: () => undefined, clear: () => undefined };
  let last = -Infinity;
  let drawn = false;
  return {
    show(share, text) {
      const now = performance.now();
      if (now - last < REDRAW_MS) return;
      last = now;
      drawn = true;
      redraw(stream, `${bar(share)} ${text}`);
    },
    clear() {
      if (drawn) stream.write(CLEAR_LINE);
      drawn = false;
    },
  };
}

/** Bytes so far; `total` is undefined while nobody knows it. */
export interface ByteCount {
  readonly loaded: number;
  readonly total: number | undefined;
}

export interface ByteBar {
  readonly show: (what: string, count: ByteCount) => void;
  readonly clear: () => void;
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

/** `downloading [####....................] 36.1 / 217.8 MB`. */
export function byteBar(stream: NodeJS.WriteStream = process.stderr): ByteBar {
  if (isSilent(stream)) return { show: () => undefined, clear: () => undefined };
  let last = -Infinity;
  let drawn = false;
  return {
    show(what, { loaded, total }) {
      const now = performance.now();
      if (now - last < REDRAW_MS && loaded !== total) return;
      last = now;
      drawn = true;
      const share = total === undefined ? 0 : loaded / Math.max(total, 1);
      const of = total === undefined ? "" : ` / ${megabytes(total)}`;
      redraw(stream, `${what} ${bar(share)} ${megabytes(loaded)}${of} MB`);
    },
    clear() {
      if (drawn) stream.write(CLEAR_LINE);
      drawn = false;
    },
  };
}

/** `45 s`, `12 min`, `3.5 h`. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${Math.ceil(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
