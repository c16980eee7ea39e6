/**
 * Lists of pictures, one a line: what `fcn list` prints and `--list` reads. A line is a name and, after tabs, the
 * file's size in bytes and its SHA-256, where they were asked for. A name with a tab, a newline, or a backslash at its
 * beginning is written with a backslash before it and escapes within, as sha256sum does. So every other line is the
 * name as it is, and lists of other programs, such as find, can be read too.
 */
import { createHash } from "node:crypto";
import { decodeName, nameBytes } from "../base/native-path.js";
import { openInput } from "../image/open-input.js";
import { whyUnreadable } from "../image/read-file.js";
import { UsageError } from "./command.js";
import { LineReader } from "./line-reader.js";

/** A picture of a list. */
export interface ListedPicture {
  readonly path: string;
  /** Of its file. */
  readonly bytes?: number;
  readonly sha256?: string;
}

const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" };
const UNESCAPED = new Map(Object.entries(ESCAPES).map(([sign, escape]) => [escape, sign]));
const NEEDS_ESCAPES = /[\n\r\t]|^\\/;

/** A line of a list, with its newline. Names that are not UTF-8 keep their bytes. */
export function listLine({ path, bytes, sha256 }: ListedPicture): Buffer {
  const escaped = path.replace(/[\n\r\t\\]/g, (sign) => ESCAPES[sign] ?? sign);
  const name = NEEDS_ESCAPES.test(path) ? `\\${escaped}` : path;
  const columns = [bytes, sha256].flatMap((column) => (column === undefined ? [] : [`\t${column}`]));
  return Buffer.concat([nameBytes(name), Buffer.from(`${columns.join("")}\n`)]);
}

/** @throws UsageError for a column that is neither a size nor a SHA-256 */
function parsed(line: string, where: string): ListedPicture {
  const [name = "", ...columns] = line.split("\t");
  const path = name.startsWith("\\")
    ? name.slice(1).replace(/\\[\s\S]/g, (escape) => UNESCAPED.get(escape) ?? escape)
    : name;
  const bytes = columns.find((column) => /^\d{1,15}$/.test(column));
  const sha256 = columns.find((column) => /^[0-9a-f]{64}$/.test(column));
  const known = [bytes, sha256].filter((column) => column !== undefined);
  if (known.length !== columns.length || path === "")
    throw new UsageError(
      `${where}: after a name and a tab come its size in bytes or its SHA-256; fcn list writes such lines`,
    );
  return {
    path,
    ...(bytes === undefined ? {} : { bytes: Number(bytes) }),
    ...(sha256 === undefined ? {} : { sha256 }),
  };
}

/** The SHA-256 of a file. @throws the error of node:fs */
export async function hashOfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of await openInput(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

const RETURN = 13;
/** Longer than any path may be, with its escapes and columns. */
const LONGEST_LINE = 2 ** 17;

/** The byte order mark with which some editors begin a file. */
const MARK = Buffer.of(0xef, 0xbb, 0xbf);
const withoutMark = (line: Buffer): Buffer =>
  line.subarray(0, MARK.length).equals(MARK) ? line.subarray(MARK.length) : line;

/** A line as a name, without the carriage return of other systems. */
const decoded = (line: Buffer): string => decodeName(line.at(-1) === RETURN ? line.subarray(0, -1) : line);

/** @throws UsageError for bytes that are in no list */
function refuseOthers(line: Buffer, where: string): void {
  if (line.includes(0))
    throw new UsageError(`${where}: it has a zero byte, which no name has; a list names one picture a line`);
}

/**
 * The pictures of a list, in its order. Empty lines are left out.
 * @param file a path, or - for stdin
 * @throws UsageError when it cannot be read, is empty, is not a list, or has other columns
 */
export async function readList(command: string, file: string): Promise<ListedPicture[]> {
  const found: ListedPicture[] = [];
  let isFirst = true;
  const reader = new LineReader({
    path: `${command}: ${file}`,
    longest: LONGEST_LINE,
    onLine: (line, where) => {
      refuseOthers(line, where);
      const text = decoded(isFirst ? withoutMark(line) : line);
      isFirst = false;
      if (text !== "") found.push(parsed(text, where));
    },
    tooLong: (where) =>
      new UsageError(`${where}: it has more than ${LONGEST_LINE} bytes; a list names one picture a line`),
  });
  try {
    const stream = file === "-" ? process.stdin : await openInput(file);
    for await (const chunk of stream as AsyncIterable<Buffer>) reader.take(chunk);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${command}: the list ${file} cannot be read: ${whyUnreadable(error)}`, { cause: error });
  }
  reader.end();
  if (!found.length) throw new UsageError(`${command}: the list ${file} names no picture; fcn list makes one`);
  return found;
}
