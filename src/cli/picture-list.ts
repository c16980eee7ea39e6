/**
 * Lists of pictures, one a line: what `fcn list` prints and `--list` reads. A line is a name and, after tabs, the
 * file's size in bytes and its SHA-256, where they were asked for. A name with a tab, a newline, or a backslash at its
 * beginning is written with a backslash before it and escapes within, as sha256sum does. So every other line is the
 * name as it is, and lists of other programs, such as find, can be read too.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { decodeName, nativePath } from "../base/native-path.js";
import { whyUnreadable } from "../image/read-file.js";
import { UsageError } from "./command.js";

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
  return Buffer.concat([Buffer.from(nativePath(name)), Buffer.from(`${columns.join("")}\n`)]);
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
  for await (const chunk of createReadStream(nativePath(path))) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

const NEWLINE = 10;
const RETURN = 13;

/** A line as a name, without the carriage return of other systems. */
const decoded = (line: Buffer): string => decodeName(line.at(-1) === RETURN ? line.subarray(0, -1) : line);

/**
 * The pictures of a list, in its order. Empty lines are left out.
 * @param file a path, or - for stdin
 * @throws UsageError when it cannot be read, is empty, or has other columns
 */
export async function readList(command: string, file: string): Promise<ListedPicture[]> {
  const found: ListedPicture[] = [];
  let lines = 0;
  const take = (line: Buffer): void => {
    lines++;
    const text = decoded(line);
    if (text !== "") found.push(parsed(text, `${command}: ${file} line ${lines}`));
  };
  let rest: Buffer = Buffer.alloc(0);
  try {
    const stream = file === "-" ? process.stdin : createReadStream(nativePath(file));
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      let text: Buffer = Buffer.concat([rest, chunk]);
      for (let end = text.indexOf(NEWLINE); end >= 0; end = text.indexOf(NEWLINE)) {
        take(text.subarray(0, end));
        text = text.subarray(end + 1);
      }
      rest = text;
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${command}: the list ${file} cannot be read: ${whyUnreadable(error)}`);
  }
  if (rest.length) take(rest);
  if (!found.length) throw new UsageError(`${command}: the list ${file} names no picture; fcn list makes one`);
  return found;
}
