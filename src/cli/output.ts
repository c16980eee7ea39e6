/** stdout and stderr: printing without control characters, readers that go away, and ending once all has left. */
import { FcnError } from "../base/errors.js";
import { printable, shown } from "../base/printable.js";
import { whyNotWritten } from "../base/write-whole.js";
import { withTypedName } from "./program-name.js";

/** Why stdout takes no more; undefined while it does. */
let stdoutError: NodeJS.ErrnoException | undefined;

/** A reader such as head closes the pipe once it has enough. That is not an error. */
const hasReaderLeft = (error: NodeJS.ErrnoException): boolean =>
  error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED";

/**
 * Goes on when stdout or stderr is gone, so that a command finishes its files: `fcn segment DIR | head`, or a terminal
 * that was closed.
 */
export function keepGoingWithoutReaders(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    stdoutError ??= error;
  });
  process.stderr.on("error", () => undefined);
}

/** A sentence with names from files: none of them begins a line of its own. */
export const oneLine = (sentence: string): string => shown(sentence, Infinity);

export function print(line: string): void {
  if (!stdoutError) process.stdout.write(`${printable(line)}\n`);
}

export const printError = (line: string): void => void process.stderr.write(`${printable(withTypedName(line))}\n`);

let quiet = false;

/** Whether --quiet was given: stderr carries errors only. */
export const isQuiet = (): boolean => quiet;

export function setQuiet(value: boolean): void {
  quiet = value;
}

/** A note or a warning on stderr, which --quiet leaves out. It is one line, whatever names it contains. */
export function printNote(line: string): void {
  if (!quiet) printError(oneLine(line));
}

/** stdout, which was to carry the results, is gone: there is no use in going on. */
export class OutputClosed extends FcnError {
  constructor(readonly reason: NodeJS.ErrnoException) {
    super("bad-option", stdoutSentence(reason), { cause: reason });
  }
}

const stdoutSentence = (reason: unknown): string => `stdout cannot be written: ${whyNotWritten(reason)}`;

/** Writes bytes to stdout; resolves once the system has taken them. @throws OutputClosed */
export const printBytes = (bytes: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) =>
    process.stdout.write(bytes, (error) => (error ? reject(new OutputClosed(error)) : resolve())),
  );

const endLines: (() => string | undefined)[] = [];

/** Makes a note when the program ends by itself, and prints it on stderr. Undefined prints nothing. */
export const printAtEnd = (line: () => string | undefined): void => void endLines.push(line);

const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => stream.write("", () => resolve()));

/** Ends the program after all it printed was taken. Needed because Dawn keeps the event loop alive. */
export async function exit(code: number): Promise<never> {
  for (const line of endLines) {
    const text = line();
    if (text !== undefined) printNote(text);
  }
  await flushed(process.stdout);
  const isLost = stdoutError !== undefined && !hasReaderLeft(stdoutError);
  if (isLost) printError(`fcn: ${stdoutSentence(stdoutError)}`);
  await flushed(process.stderr);
  process.exit(isLost ? code || 1 : code);
}
