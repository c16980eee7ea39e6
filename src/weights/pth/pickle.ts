/**
 * A pickle interpreter that runs nothing: a closed list of opcodes, a closed list of names (globals.ts), records in
 * place of objects (values.ts), and bounds on stack, memo, objects and strings, so that a bad file costs a small
 * multiple of its own size. Protocols 2 to 5, as torch.save writes them.
 *
 * https://github.com/python/cpython/blob/3.13/Lib/pickletools.py documents each opcode.
 */

import { badWeights, quote } from "../source.js";
import { findGlobal, GLOBAL_COUNT, reduce } from "./globals.js";
import { Dict, GlobalRef, Opaque, Parameter, Sequence, TensorRef } from "./values.js";
import type { Value } from "./values.js";

/** Python's pickler puts at most 1000 pairs on the stack at a time, so honest files stay far below these. */
const MAX_STACK = 100_000;
const MAX_MEMO = 1_000_000;
const MAX_OBJECTS = 1_000_000;
const MAX_STRING = 16 * 1024 * 1024;
const MAX_LONG = 1024;

/** The bytes ended inside the pickle. Not an error for people: the caller either has more bytes or says so. */
export class PickleEnds extends Error {}

export interface PickleContext {
  /** For messages. */
  readonly file: string;
  /** Turns a persistent id into a storage or tensor; undefined where it is none. */
  readonly persistent: (id: Value) => Value | undefined;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const UTF8_LENIENT = new TextDecoder("utf-8", { ignoreBOM: true });

/** Interprets the pickle at `start`; `end` is the position behind its STOP. Throws PickleEnds or `bad-weights`. */
export function unpickle(bytes: Uint8Array, start: number, context: PickleContext): { value: Value; end: number } {
  return new Unpickler(bytes, start, context).run();
}

class Unpickler {
  private readonly stack: Value[] = [];
  /** Stack heights at each open MARK: nothing below the last one can be popped. */
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, Value>();
  private readonly data: DataView;
  private at: number;
  private objects = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly start: number,
    private readonly context: PickleContext,
  ) {
    this.data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = start;
  }

  run(): { value: Value; end: number } {
    for (;;) {
      const op = this.bytes[this.skip(1)] ?? 0;
      if (op === 0x2e) return { value: this.pop(), end: this.at }; // STOP
      this.step(op);
      if (this.stack.length > MAX_STACK) this.fail(`its stack grows beyond ${MAX_STACK} values`);
      if (this.objects > MAX_OBJECTS) this.fail(`it makes more than ${MAX_OBJECTS} objects`);
    }
  }

  private fail(what: string): never {
    throw badWeights(this.context.file, `its pickle is wrong at byte ${this.at - this.start}: ${what}`);
  }

  /** Moves over `length` bytes and gives where they begin. */
  private skip(length: number): number {
    const from = this.at;
    if (length > this.bytes.length - from) throw new PickleEnds();
    this.at = from + length;
    return from;
  }

  private u8(): number {
    return this.data.getUint8(this.skip(1));
  }
  private u32(): number {
    return this.data.getUint32(this.skip(4), true);
  }
  private i32(): number {
    return this.data.getInt32(this.skip(4), true);
  }

  private u64(): number {
    const value = this.data.getBigUint64(this.skip(8), true);
    return value > BigInt(MAX_STRING) ? this.fail(`a length of ${value}`) : Number(value);
  }

  private raw(length: number): Uint8Array {
    if (length < 0 || length > MAX_STRING) this.fail(`a string of ${length} bytes, more than ${MAX_STRING}`);
    const from = this.skip(length);
    return this.bytes.subarray(from, from + length);
  }

  private text(length: number): string {
    const bytes = this.raw(length);
    try {
      return UTF8.decode(bytes);
    } catch {
      return this.fail("a string that is not UTF-8");
    }
  }

  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new PickleEnds();
    const text = this.text(end - this.at);
    this.at++;
    return text;
  }

  private long(length: number): bigint | number {
    if (length < 0 || length > MAX_LONG) this.fail(`an integer of ${length} bytes, more than ${MAX_LONG}`);
    const from = this.skip(length);
    let hex = "";
    for (let i = from + length - 1; i >= from; i--) hex += (this.bytes[i] ?? 0).toString(16).padStart(2, "0");
    const value = BigInt.asIntN(8 * length, BigInt(hex === "" ? 0 : `0x${hex}`));
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  private pop(): Value {
    const value = this.stack.length > (this.marks.at(-1) ?? 0) ? this.stack.pop() : undefined;
    return value === undefined ? this.fail("it takes a value from an empty stack") : value;
  }

  private popMark(): Value[] {
    const mark = this.marks.pop();
    return mark === undefined ? this.fail("a mark is missing") : this.stack.splice(mark);
  }

  private top(): Value {
    const value = this.pop();
    this.stack.push(value);
    return value;
  }

  private tuple(items: Value[]): void {
    this.objects++;
    this.stack.push(new Sequence("tuple", items));
  }

  private popTuple(count: number): void {
    const items: Value[] = [];
    for (let i = 0; i < count; i++) items.unshift(this.pop());
    this.tuple(items);
  }

  private remember(index: number): void {
    this.memo.set(index, this.top());
    if (this.memo.size > MAX_MEMO) this.fail(`it remembers more than ${MAX_MEMO} values`);
  }

  private recall(index: number): void {
    const value = this.memo.get(index);
    this.stack.push(value === undefined ? this.fail(`it recalls value ${index}, which it never stored`) : value);
  }

  private global(module: string, name: string): void {
    this.stack.push(findGlobal(module, name) ?? this.refuse(`${module}.${name}`));
  }

  private refuse(path: string): never {
    const shown = quote(path).slice(1, -1);
    throw badWeights(
      this.context.file,
      `its pickle refers to ${shown}, which is not among the ${GLOBAL_COUNT} harmless names this reader knows; nothing was run. ` +
        "If you trust the file, load it in Python and save model.state_dict()",
    );
  }

  private call(): void {
    const args = this.pop();
    const callee = this.pop();
    if (!(callee instanceof GlobalRef) || !(args instanceof Sequence))
      return this.fail("a call of something that is not a name");
    const made = reduce(callee, args.items) ?? this.fail(`${callee.path} has arguments that do not fit it`);
    // Calls copy what they are given, and five bytes suffice for one: count what is copied, not only the call.
    this.objects +=
      1 +
      (made instanceof Dict
        ? made.entries.length
        : made instanceof Sequence
          ? made.items.length
          : made instanceof TensorRef
            ? made.shape.length
            : 0);
    this.stack.push(made);
  }

  private append(items: readonly Value[], kinds: readonly string[]): void {
    const target = this.top();
    if (target instanceof Opaque) return; // such as a numpy array of objects: not looked into
    if (!(target instanceof Sequence) || !kinds.includes(target.kind))
      return this.fail("it appends to something that is not a list");
    for (const item of items) target.items.push(item);
  }

  private setItems(items: readonly Value[]): void {
    const target = this.top();
    if (!(target instanceof Dict)) return this.fail("it sets items of something that is not a dict");
    if (items.length % 2 !== 0) this.fail("a key without a value");
    for (let i = 0; i + 1 < items.length; i += 2) target.entries.push([items[i] ?? null, items[i + 1] ?? null]);
    this.objects += items.length / 2;
  }

  /** Attributes set on an object: an OrderedDict's `_metadata`, a Parameter's flags. Only old Parameters need theirs. */
  private build(): void {
    const state = this.pop();
    const target = this.top();
    if (target instanceof Parameter && state instanceof Sequence && state.items[0] instanceof TensorRef)
      target.data = state.items[0];
    const fits =
      target instanceof Parameter ||
      target instanceof Dict ||
      target instanceof Opaque ||
      target instanceof TensorRef ||
      target instanceof Sequence;
    if (!fits) this.fail("it sets attributes of something that has none");
  }

  private step(op: number): void {
    const { stack } = this;
    switch (op) {
      case 0x80:
        return void (this.u8() > 5 && this.fail("a pickle protocol above 5")); // PROTO
      case 0x95:
        return void this.skip(8); // FRAME: only a hint for buffered reading
      case 0x28:
        return void (this.marks.push(stack.length) > MAX_STACK && this.fail("too many marks")); // MARK
      case 0x30:
        return void this.pop(); // POP
      case 0x31:
        return void this.popMark(); // POP_MARK
      case 0x4e:
        return void stack.push(null); // NONE
      case 0x88:
        return void stack.push(true); // NEWTRUE
      case 0x89:
        return void stack.push(false); // NEWFALSE
      case 0x4a:
        return void stack.push(this.i32()); // BININT
      case 0x4b:
        return void stack.push(this.u8()); // BININT1
      case 0x4d:
        return void stack.push(this.data.getUint16(this.skip(2), true)); // BININT2
      case 0x8a:
        return void stack.push(this.long(this.u8())); // LONG1
      case 0x8b:
        return void stack.push(this.long(this.i32())); // LONG4
      case 0x47:
        return void stack.push(this.data.getFloat64(this.skip(8), false)); // BINFLOAT
      case 0x58:
        return void stack.push(this.text(this.u32())); // BINUNICODE
      case 0x8c:
        return void stack.push(this.text(this.u8())); // SHORT_BINUNICODE
      case 0x8d:
        return void stack.push(this.text(this.u64())); // BINUNICODE8
      // Python 2 strings may hold anything; those that name tensors are ASCII.
      case 0x55:
        return void stack.push(UTF8_LENIENT.decode(this.raw(this.u8()))); // SHORT_BINSTRING
      case 0x54:
        return void stack.push(UTF8_LENIENT.decode(this.raw(this.i32()))); // BINSTRING
      case 0x43:
        return void stack.push(this.raw(this.u8())); // SHORT_BINBYTES
      case 0x42:
        return void stack.push(this.raw(this.u32())); // BINBYTES
      case 0x8e: // BINBYTES8
      case 0x96:
        return void stack.push(this.raw(this.u64())); // BYTEARRAY8
      case 0x29:
        return this.tuple([]); // EMPTY_TUPLE
      case 0x85:
        return this.popTuple(1); // TUPLE1
      case 0x86:
        return this.popTuple(2); // TUPLE2
      case 0x87:
        return this.popTuple(3); // TUPLE3
      case 0x74:
        return this.tuple(this.popMark()); // TUPLE
      case 0x5d:
        return void (this.objects++, stack.push(new Sequence("list", []))); // EMPTY_LIST
      case 0x8f:
        return void (this.objects++, stack.push(new Sequence("set", []))); // EMPTY_SET
      case 0x91:
        return void (this.objects++, stack.push(new Sequence("set", this.popMark()))); // FROZENSET
      case 0x7d:
        return void (this.objects++, stack.push(new Dict())); // EMPTY_DICT
      case 0x61:
        return this.append([this.pop()], ["list"]); // APPEND
      case 0x65:
        return this.append(this.popMark(), ["list"]); // APPENDS
      case 0x90:
        return this.append(this.popMark(), ["set"]); // ADDITEMS
      case 0x73: {
        // SETITEM
        const value = this.pop();
        return this.setItems([this.pop(), value]);
      }
      case 0x75:
        return this.setItems(this.popMark()); // SETITEMS
      case 0x63:
        return this.global(this.line(), this.line()); // GLOBAL
      case 0x93: {
        // STACK_GLOBAL
        const name = this.pop();
        const module = this.pop();
        if (typeof name !== "string" || typeof module !== "string") return this.fail("a name that is not a string");
        return this.global(module, name);
      }
      case 0x52: // REDUCE
      case 0x81:
        return this.call(); // NEWOBJ
      case 0x62:
        return this.build(); // BUILD
      case 0x51: // BINPERSID
        return void stack.push(
          this.context.persistent(this.pop()) ?? this.fail("a reference to a storage that does not make sense"),
        );
      case 0x71:
        return this.remember(this.u8()); // BINPUT
      case 0x72:
        return this.remember(this.u32()); // LONG_BINPUT
      case 0x94:
        return this.remember(this.memo.size); // MEMOIZE
      case 0x68:
        return this.recall(this.u8()); // BINGET
      case 0x6a:
        return this.recall(this.u32()); // LONG_BINGET
      default: {
        const code = op.toString(16).padStart(2, "0");
        const letter = op > 0x20 && op < 0x7f ? ` (${quote(String.fromCharCode(op))})` : "";
        return this.fail(`the opcode 0x${code}${letter} is none that torch.save writes`);
      }
    }
  }
}
