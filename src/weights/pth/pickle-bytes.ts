/** The operands of a pickle's opcodes, read one after the other, with bounds on their lengths. */

import { toHex } from "../../base/hex.js";
import { viewOf } from "../bytes.js";
import { badWeights } from "../source.js";

const MAX_STRING = 16 * 1024 * 1024;
/** The opcode that names the protocol. */
const PROTO = 0x80;
/** Bytes of a Python integer. */
const MAX_LONG = 1024;

/** The bytes ended inside the pickle. Not an error for people: the caller either has more bytes or says so. */
export class PickleEnds extends Error {}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const UTF8_LENIENT = new TextDecoder("utf-8", { ignoreBOM: true });

/** Every method throws PickleEnds where the bytes end too early. */
export class PickleBytes {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #start: number;
  #position: number;

  /** The pickle begins at `start` of `bytes`; errors call the file `file`. */
  constructor(
    bytes: Uint8Array,
    start: number,
    readonly file: string,
  ) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#start = start;
    this.#position = start;
  }

  get position(): number {
    return this.#position;
  }

  /** Bytes of the pickle that have been read. */
  get consumed(): number {
    return this.#position - this.#start;
  }

  /** Whether it begins by naming its protocol, as all do from protocol 2 on. */
  get namesProtocol(): boolean {
    return this.#bytes[this.#start] === PROTO;
  }

  /** @throws bad-weights with the position in the pickle */
  fail(what: string): never {
    throw badWeights(this.file, `its pickle is wrong at byte ${this.consumed}: ${what}`);
  }

  /** Moves over `length` bytes and returns where they begin. */
  skip(length: number): number {
    const begin = this.#position;
    if (length > this.#bytes.length - begin) throw new PickleEnds();
    this.#position = begin + length;
    return begin;
  }

  u8(): number {
    return this.#view.getUint8(this.skip(1));
  }
  u16(): number {
    return this.#view.getUint16(this.skip(2), true);
  }
  u32(): number {
    return this.#view.getUint32(this.skip(4), true);
  }
  i32(): number {
    return this.#view.getInt32(this.skip(4), true);
  }
  /** Big-endian, unlike all other numbers of a pickle. */
  f64(): number {
    return this.#view.getFloat64(this.skip(8), false);
  }

  /** The length of a string or of bytes. */
  length64(): number {
    const length = this.#view.getBigUint64(this.skip(8), true);
    return length > BigInt(MAX_STRING) ? this.fail(`a length of ${length}, more than ${MAX_STRING}`) : Number(length);
  }

  bytes(length: number): Uint8Array {
    if (length < 0 || length > MAX_STRING) this.fail(`a string of ${length} bytes, more than ${MAX_STRING}`);
    const begin = this.skip(length);
    return this.#bytes.subarray(begin, begin + length);
  }

  text(length: number): string {
    const bytes = this.bytes(length);
    try {
      return UTF8.decode(bytes);
    } catch {
      return this.fail("a string that is not UTF-8");
    }
  }

  /** A Python 2 string, which may hold any bytes. Those that name tensors are ASCII. */
  byteString(length: number): string {
    return UTF8_LENIENT.decode(this.bytes(length));
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#position);
    if (end < 0) throw new PickleEnds();
    const text = this.text(end - this.#position);
    this.skip(1);
    return text;
  }

  /** A two's complement integer of `length` bytes; a number where it is safe. */
  long(length: number): bigint | number {
    if (length < 0 || length > MAX_LONG) this.fail(`an integer of ${length} bytes, more than ${MAX_LONG}`);
    const begin = this.skip(length);
    const digits = toHex(this.#bytes.slice(begin, begin + length).reverse());
    const value = BigInt.asIntN(8 * length, BigInt(`0x${digits || "0"}`));
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
}
