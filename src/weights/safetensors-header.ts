/**
 * The JSON header of a safetensors file, read by a small strict scanner and not by JSON.parse: that keeps the last of
 * two equal keys without a word, turns big integers into wrong ones, and puts `__proto__` where it does not belong.
 * It accepts what the format allows and nothing else: an object of tensors and one `__metadata__` of strings.
 *
 * Not here: whether offsets and sizes fit each other and the file (safetensors.ts).
 * https://github.com/huggingface/safetensors#format
 */

import { MAX_RANK } from "./checkpoint.js";
import { badWeights, quote } from "./source.js";

export interface HeaderEntry {
  readonly name: string;
  /** As written, e.g. "F32"; not checked here. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Relative to the end of the header. */
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  readonly entries: readonly HeaderEntry[];
  readonly metadata: ReadonlyMap<string, string>;
}

class Scanner {
  private position = 0;

  constructor(
    private readonly text: string,
    private readonly file: string,
  ) {}

  fail(what: string): never {
    throw badWeights(this.file, `its safetensors header is wrong at character ${this.position}: ${what}`);
  }

  private peek(): string {
    for (;;) {
      const code = this.text.charCodeAt(this.position);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
      this.position++;
    }
    return this.text.charAt(this.position);
  }

  private expect(wanted: string): void {
    const got = this.peek();
    if (got !== wanted) this.fail(`${got === "" ? "it ends" : quote(got)} where ${quote(wanted)} is needed`);
    this.position++;
  }

  string(): string {
    this.expect('"');
    const start = this.position - 1;
    let escaped = false;
    for (; ; this.position++) {
      const code = this.text.charCodeAt(this.position);
      if (Number.isNaN(code)) this.fail("it ends inside a string");
      if (code < 0x20) this.fail("a control character inside a string");
      if (code === 0x22) break;
      if (code === 0x5c) {
        escaped = true;
        this.position++;
      }
    }
    this.position++;
    const literal = this.text.slice(start, this.position);
    if (!escaped) return literal.slice(1, -1);
    try {
      return String(JSON.parse(literal)); // one string literal: only its escapes are left to decode
    } catch {
      return this.fail("a bad escape in a string");
    }
  }

  /** A whole number from 0 to 2^53-1, written as JSON writes integers. */
  integer(what: string): number {
    this.peek();
    const found = /^-?[0-9.eE+-]{1,40}/.exec(this.text.slice(this.position, this.position + 40))?.[0] ?? "";
    const value = /^(?:0|[1-9][0-9]*)$/.test(found) ? Number(found) : NaN;
    if (!Number.isSafeInteger(value)) {
      this.fail(`${what} must be a whole number from 0 to 2^53-1, found ${quote(found || this.peek())}`);
    }
    this.position += found.length;
    return value;
  }

  integers(what: string, most: number): number[] {
    const list: number[] = [];
    this.expect("[");
    if (this.peek() === "]") {
      this.position++;
      return list;
    }
    for (;;) {
      if (list.length === most) this.fail(`${what} has more than ${most} numbers`);
      list.push(this.integer(what));
      if (this.peek() === "]") break;
      this.expect(",");
    }
    this.position++;
    return list;
  }

  /** Calls `value` for each key with the position just behind its colon; refuses a key that comes twice. */
  object(what: string, value: (key: string) => void): void {
    const seen = new Set<string>();
    this.expect("{");
    if (this.peek() === "}") {
      this.position++;
      return;
    }
    for (;;) {
      const key = this.string();
      if (seen.has(key)) this.fail(`the key ${quote(key)} comes twice in ${what}`);
      seen.add(key);
      this.expect(":");
      value(key);
      if (this.peek() === "}") break;
      this.expect(",");
    }
    this.position++;
  }

  end(): void {
    if (this.peek() !== "") this.fail(`${quote(this.peek())} after the closing brace`);
  }
}

function entry(scan: Scanner, name: string): HeaderEntry {
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  scan.object(`tensor ${quote(name)}`, (key) => {
    if (key === "dtype") dtype = scan.string();
    else if (key === "shape") shape = scan.integers("shape", MAX_RANK);
    else if (key === "data_offsets") offsets = scan.integers("data_offsets", 2);
    else scan.fail(`tensor ${quote(name)} has the unknown field ${quote(key)}`);
  });
  const [begin, end] = offsets ?? [];
  if (dtype === undefined || shape === undefined || begin === undefined || end === undefined) {
    return scan.fail(`tensor ${quote(name)} needs dtype, shape and two data_offsets`);
  }
  return { name, dtype, shape, begin, end };
}

/** Reads the header text. Throws `bad-weights` with the character position. */
export function parseHeader(text: string, file: string): Header {
  const scan = new Scanner(text, file);
  const entries: HeaderEntry[] = [];
  const metadata = new Map<string, string>();
  scan.object("the header", (name) => {
    if (name === "__metadata__") {
      scan.object("__metadata__", (key) => void metadata.set(key, scan.string()));
    } else if (name === "__proto__") {
      scan.fail(
        'the tensor name "__proto__" is refused, because it would corrupt programs that keep tensors in plain objects',
      );
    } else {
      entries.push(entry(scan, name));
    }
  });
  scan.end();
  return { entries, metadata };
}
