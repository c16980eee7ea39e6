/** Reads `results.jsonl` line by line: sets of any length, whatever wrote the file. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { FcnError } from "../base/errors.js";
import { nativePath } from "../base/native-path.js";
import { UsageError } from "./command.js";
import { LineReader } from "./line-reader.js";

export const RESULTS = "results.jsonl";

/** Bytes read at a time. */
const CHUNK = 2 ** 20;
/** The longest record, of 256 classes and MAX_NETWORKS networks, has 96 MiB. */
const MAX_LINE = 2 ** 27;

/** What a command writes into its `results.jsonl`: a header, then records. */
export interface RecordKind<Header, Record> {
  readonly command: string;
  /** @throws bad-option for a line that is no header; `where` names it */
  readonly parseHeader: (line: string, where: string) => Header;
  /** @throws bad-option */
  readonly parseRecord: (line: string, where: string, header: Header) => Record;
  /** Names of the fields that forbid putting the records of two runs together. */
  readonly differences: (a: Header, b: Header) => readonly string[];
}

/** Fields of headers whose names say little, with the options that they come from. */
const OPTION_OF: Readonly<Record<string, string>> = {
  boundaryWidth: "boundary width (--boundary-width)",
  classNames: "class names (--class-names)",
  endings: "files of each picture (--format, --probabilities, --logits)",
  keptLabels: "classes (--classes)",
  weightsHash: "contents of the weights",
};

/** What differs between two headers, as "classes (--classes) and weights"; undefined when nothing does. */
export function differenceOf<Header>(
  { differences }: Pick<RecordKind<Header, unknown>, "differences">,
  a: Header,
  b: Header,
): string | undefined {
  const names = differences(a, b);
  return names.length ? names.map((name) => OPTION_OF[name] ?? name).join(" and ") : undefined;
}

/** How a file of records was read. */
export interface ReadRecords<Header> {
  readonly header: Header;
  /** Bytes of whole lines. A last line without an end was cut off while it was written. */
  readonly wholeBytes: number;
}

/** Reads the lines of a file of records. @throws bad-option for a line that is too long */
export function recordReader(path: string, command: string, onLine: (line: string, where: string) => void): LineReader {
  const sentence = `it has more than ${MAX_LINE} bytes; it is not from fcn ${command}`;
  return new LineReader({
    path,
    longest: MAX_LINE,
    onLine: (line, where) => onLine(line.toString("utf8"), where),
    tooLong: (where) => new FcnError("bad-option", `${where}: ${sentence}`),
  });
}

/**
 * Undefined when there is no file or no whole line in it.
 * @param onRecord gets each record after the header
 * @param onHeader gets the header before any record; what it throws ends the reading
 * @throws bad-option naming file and line
 */
export async function readRecords<Header, Record>(
  path: string,
  kind: RecordKind<Header, Record>,
  onRecord: (record: Record) => void,
  onHeader: (header: Header) => void = () => undefined,
): Promise<ReadRecords<Header> | undefined> {
  const info = await stat(nativePath(path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw error;
  });
  if (!info) return undefined;
  if (!info.isFile()) throw new FcnError("bad-option", `${path} is not a file; results are read from a file only`);
  let header: Header | undefined;
  const reader = recordReader(path, kind.command, (line, where) => {
    if (header) onRecord(kind.parseRecord(line, where, header));
    else {
      header = kind.parseHeader(line, where);
      onHeader(header);
    }
  });
  const stream = createReadStream(nativePath(path), { highWaterMark: CHUNK });
  for await (const chunk of stream) reader.take(chunk as Buffer);
  return header && { header, wholeBytes: reader.wholeBytes };
}

/** Thrown to end a reading after the header. */
class HeaderRead extends Error {}

/** The header alone; undefined when there is no whole line. @throws bad-option */
export async function readHeader<Header>(path: string, kind: RecordKind<Header, unknown>): Promise<Header | undefined> {
  let header: Header | undefined;
  const onHeader = (found: Header): never => {
    header = found;
    throw new HeaderRead();
  };
  try {
    await readRecords(path, kind, () => undefined, onHeader);
  } catch (error) {
    if (!(error instanceof HeaderRead)) throw error;
  }
  return header;
}

/**
 * Reads several files of records, whose headers must go together.
 * @param onRecord gets each record, the file's path and its header
 * @returns the first header
 * @throws UsageError when one of the files is missing or empty, bad-option when they were made with different options
 */
export async function readAlike<Header, Record>(
  paths: readonly string[],
  kind: RecordKind<Header, Record>,
  onRecord: (record: Record, path: string) => void,
  onFile: (header: Header, path: string) => void = () => undefined,
): Promise<Header> {
  let first: { readonly header: Header; readonly path: string } | undefined;
  for (const path of paths) {
    const onHeader = (header: Header): void => {
      first ??= { header, path };
      const different = differenceOf(kind, first.header, header);
      if (different !== undefined)
        throw new FcnError(
          "bad-option",
          `${path}: made with other ${different} than ${first.path}; these cannot be added up`,
        );
      onFile(header, path);
    };
    const read = await readRecords(path, kind, (record) => onRecord(record, path), onHeader);
    if (!read) throw new UsageError(`${kind.command}: there are no results in ${path}`);
  }
  if (!first) throw new UsageError(`${kind.command}: --merge needs at least one folder`);
  return first.header;
}
