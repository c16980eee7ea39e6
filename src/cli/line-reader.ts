/** Splits the bytes of a file into lines, chunk by chunk. */
const NEWLINE = 10;

export interface LineRequest {
  /** Names the file, for `where`. */
  readonly path: string;
  /** Most bytes of a line. */
  readonly longest: number;
  /** Gets each line without its end, and "PATH line N". */
  readonly onLine: (line: Buffer, where: string) => void;
  /** What is thrown for a line that is too long. */
  readonly tooLong: (where: string) => Error;
}

/** Joins the pieces of a line that lies in several chunks. */
export class LineReader {
  #pieces: Buffer[] = [];
  #length = 0;
  /** Bytes of whole lines. */
  wholeBytes = 0;
  #lines = 0;

  constructor(private readonly request: LineRequest) {}

  get #where(): string {
    return `${this.request.path} line ${this.#lines + 1}`;
  }

  /** @throws what `onLine` and `tooLong` say */
  take(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end));
      this.wholeBytes += this.#length + 1;
      this.#finish();
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  /** Takes what came after the last newline for a line. */
  end(): void {
    if (this.#length) this.#finish();
  }

  /** Forgets what came after the last newline. The next chunk begins at `wholeBytes`. */
  dropPart(): void {
    this.#pieces = [];
    this.#length = 0;
  }

  #keep(piece: Buffer): void {
    this.#length += piece.length;
    if (this.#length > this.request.longest) throw this.request.tooLong(this.#where);
    this.#pieces.push(piece);
  }

  #finish(): void {
    const line = Buffer.concat(this.#pieces, this.#length);
    const where = this.#where;
    this.dropPart();
    this.#lines++;
    this.request.onLine(line, where);
  }
}
