/**
 * A strict scanner for the JSON header of a safetensors file. JSON.parse would not do: it keeps the last of two equal
 * keys silently, rounds big integers, and gives `__proto__` a meaning of its own. The scanner accepts what the format
 * allows and nothing else: an object of tensors and one `__metadata__` of strings.
 *
 * Not here: whether offsets and sizes fit each other and the file (safetensors.ts).
 * https://github.com/huggingface/safetensors#format
 */

import { MAX_RANK } from "./checkpoint.js";
import { badWeights, quote } from "./source.js";

/** The format's own limit. */
export const MAX_HEADER_BYTES = 100_000_000;

/** Tensors, or texts of the metadata. Large language models in one file have a few thousand. */
const MAX_KEYS = 100_000;

export interface HeaderEntry {
  readonly name: string;
  /** As written, e.g. "F32"; not checked here. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Relative to the end of the header. */
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly entries: readonly HeaderEntry[];
  readonly metadata: ReadonlyMap<string, string>;
}

const SPACES = " \n\r\t";

class Scanner {
  #position = 0;
  readonly #text: string;
  readonly #file: string;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  fail(what: string): never {
    throw badWeights(this.#file, `its safetensors header is wrong at character ${this.#position}: ${what}`);
  }

  string(): string {
    this.#expect('"');
    const start = this.#position;
    let escaped = false;
    for (; ; this.#position++) {
      const character = this.#text.charAt(this.#position);
      if (character === "") this.fail("it ends inside a string");
      if (character < " ") this.fail("a control character inside a string");
      if (character === '"') break;
      if (character === "\\") {
        escaped = true;
        this.#position++;
      }
    }
    const content = this.#text.slice(start, this.#position);
    this.#position++;
    if (!escaped) return content;
    try {
      return String(JSON.parse(`"${content}"`)); // one string literal: only its escapes are left to decode
    } catch {
      return this.fail("a bad escape in a string");
    }
  }

  metadataText(key: string): string {
    if (this.#peek() !== '"') this.fail(`metadata ${quote(key)} is no text; the format allows texts only`);
    return this.string();
  }

  /** A whole number from 0 to 2^53-1, written as JSON writes integers. */
  integer(what: string): number {
    this.#peek();
    const found = /^-?[0-9.eE+-]{1,40}/.exec(this.#text.slice(this.#position, this.#position + 40))?.[0] ?? "";
    const value = /^(?:0|[1-9][0-9]*)$/.test(found) ? Number(found) : NaN;
    if (!Number.isSafeInteger(value)) {
      this.fail(`${what} must be a whole number from 0 to 2^53-1, found ${quote(found || this.#peek())}`);
    }
    this.#position += found.length;
    return value;
  }

  integers(what: string, most: number): number[] {
    const list: number[] = [];
    this.#members("[", "]", () => {
      if (list.length === most) this.fail(`${what} has more than ${most} numbers`);
      list.push(this.integer(what));
    });
    return list;
  }

  /** Calls `readValue` for each key, with the position just behind its colon; refuses a key that comes twice. */
  object(what: string, readValue: (key: string) => void): void {
    const seen = new Set<string>();
    this.#members("{", "}", () => {
      const key = this.string();
      if (seen.has(key)) this.fail(`the key ${quote(key)} comes twice in ${what}`);
      if (seen.size === MAX_KEYS) this.fail(`${what} has more than ${MAX_KEYS} keys`);
      seen.add(key);
      this.#expect(":");
      readValue(key);
    });
  }

  end(): void {
    if (this.#peek() !== "") this.fail(`${quote(this.#peek())} after the closing brace`);
  }

  /** Calls `readMember` for each member of a comma-separated list between two brackets. */
  #members(open: string, close: string, readMember: () => void): void {
    this.#expect(open);
    if (this.#peek() !== close) {
      readMember();
      while (this.#peek() !== close) {
        this.#expect(",");
        readMember();
      }
    }
    this.#position++;
  }

  /** The next character that is not white space, "" at the end. */
  #peek(): string {
    let character = this.#text.charAt(this.#position);
    while (character !== "" && SPACES.includes(character)) {
      this.#position++;
      character = this.#text.charAt(this.#position);
    }
    return character;
  }

  #expect(wanted: string): void {
    const found = this.#peek();
    if (found !== wanted) this.fail(`${found === "" ? "it ends" : quote(found)} where ${quote(wanted)} is needed`);
    this.#position++;
  }
}

function readEntry(scan: Scanner, name: string): HeaderEntry {
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

/** Reads the header text. @throws bad-weights with the character position */
export function parseSafetensorsHeader(text: string, file: string): SafetensorsHeader {
  const scan = new Scanner(text, file);
  const entries: HeaderEntry[] = [];
  const metadata = new Map<string, string>();
  scan.object("the header", (name) => {
    if (name === "__metadata__") {
      scan.object("__metadata__", (key) => void metadata.set(key, scan.metadataText(key)));
    } else if (name === "__proto__") {
      scan.fail(
        'the tensor name "__proto__" is refused, because it would corrupt programs that keep tensors in plain objects',
      );
    } else {
      entries.push(readEntry(scan, name));
    }
  });
  scan.end();
  return { entries, metadata };
}
