/** `--class-names FILE`: names of classes, one a line, in the order of their labels. */
import { stat } from "node:fs/promises";
import { nativePath } from "../base/native-path.js";
import { readInput } from "../image/open-input.js";
import { whyUnreadable } from "../image/read-file.js";
import { showableName } from "../weights/classes-metadata.js";
import { UsageError } from "./command.js";

/** Labels are bytes. */
const MOST_NAMES = 256;
/** Bytes that are read as a list of names. */
const LONGEST_FILE = 2 ** 20;

/** Undefined without a file. @throws UsageError when the file is not a list of 1 to 256 names */
export async function readClassNames(command: string, file: string | undefined): Promise<string[] | undefined> {
  if (file === undefined) return undefined;
  const refuse = (why: string, cause?: unknown): UsageError =>
    new UsageError(`${command}: --class-names ${file}: ${why}`, { cause });
  let bytes: Buffer;
  try {
    bytes = await readInput(file, LONGEST_FILE);
  } catch (error) {
    throw refuse(whyUnreadable(error), error);
  }
  if (bytes.length > LONGEST_FILE) {
    const { size } = await stat(nativePath(file)); // of a pipe it is 0: then what was read of it
    const sentence = `it has ${size || bytes.length} bytes; a list of names has one name a line`;
    throw refuse(`${sentence}, ${MOST_NAMES} at most`);
  }
  const lines = textOf(bytes)
    ?.trimEnd()
    .split(/\r?\n/)
    .map((line) => line.trim());
  if (lines === undefined) throw refuse("it is not UTF-8 text");
  const empty = lines.indexOf("");
  if (empty >= 0) throw refuse(`line ${empty + 1} is empty; every class needs a name`);
  if (lines.length > MOST_NAMES)
    throw refuse(`it has ${lines.length} names; a network has ${MOST_NAMES} classes at most`);
  return lines.map(showableName);
}

/** Without a byte order mark; undefined for bytes that are not UTF-8. */
function textOf(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined; // the caller says so
  }
}
