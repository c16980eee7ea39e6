/** Reads `results.jsonl` line by line: sets of any length, whatever wrote the file. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { FcnError } from "../base/errors.js";
import { parseRunHeader } from "../eval/parse-header.js";
import { parseRecord } from "../eval/parse-records.js";
import type { ResultRecord, RunHeader } from "../eval/records.js";

export const RESULTS = "results.jsonl";

const NEWLINE = 10;
/** Bytes read at a time. */
const CHUNK = 2 ** 20;
/** The longest record, of 256 classes and MAX_NETWORKS networks, has 96 MiB. */
const MAX_LINE = 2 ** 27;

export interface LogContents {
  readonly header: RunHeader;
  readonly records: readonly ResultRecord[];
  /** Bytes of whole lines. A last line without an end was cut off while it was written. */
  readonly wholeBytes: number;
}

/** Joins the pieces of a line that lies in several chunks. */
class LineReader {
  #pieces: Buffer[] = [];
  #length = 0;
  wholeBytes = 0;
  lines = 0;

  constructor(
    private readonly path: string,
    private readonly onLine: (line: string, where: string) => void,
  ) {}

  /** @throws bad-option for a line that no comparison writes */
  take(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end));
      this.#finish();
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  #keep(piece: Buffer): void {
    this.#length += piece.length;
    if (this.#length > MAX_LINE)
      throw new FcnError(
        "bad-option",
        `${this.path} line ${this.lines + 1}: it has more than ${MAX_LINE} bytes; it is not from fcn compare`,
      );
    this.#pieces.push(piece);
  }

  #finish(): void {
    this.lines++;
    this.wholeBytes += this.#length + 1;
    const line = Buffer.concat(this.#pieces, this.#length).toString("utf8");
    this.#pieces = [];
    this.#length = 0;
    this.onLine(line, `${this.path} line ${this.lines}`);
  }
}

/** Undefined when there is no file or no whole line in it. @throws bad-option naming file and line */
export async function readLog(path: string): Promise<LogContents | undefined> {
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw error;
  });
  if (!info) return undefined;
  if (!info.isFile()) throw new FcnError("bad-option", `${path} is not a file; results are read from a file only`);
  let header: RunHeader | undefined;
  const records: ResultRecord[] = [];
  const reader = new LineReader(path, (line, where) => {
    if (header) records.push(parseRecord(line, where, header));
    else header = parseRunHeader(line, where);
  });
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK })) reader.take(chunk as Buffer);
  return header && { header, records, wholeBytes: reader.wholeBytes };
}
