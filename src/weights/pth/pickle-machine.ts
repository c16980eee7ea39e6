/**
 * The stack machine that a pickle programs: stack, marks and memo, with bounds on each, so that a bad file costs a
 * small multiple of its own size. It makes records (values.ts) and runs nothing.
 */

import { badWeights, quote } from "../source.js";
import { findGlobal, GLOBAL_COUNT } from "./globals.js";
import type { PickleBytes } from "./pickle-bytes.js";
import { reduce } from "./reduce.js";
import { Dict, GlobalRef, Opaque, Parameter, Sequence, TensorRef } from "./values.js";
import type { PickleValue } from "./values.js";

/** Python's pickler puts at most 1000 pairs on the stack at a time, so honest files stay far below these. */
const MAX_STACK = 100_000;
const MAX_MEMO = 1_000_000;
const MAX_OBJECTS = 1_000_000;
/** Items of all lists together, such as histories of losses. An item may be recalled again and again by few bytes. */
const MAX_ITEMS = 4_000_000;
/** Items that calls may copy beyond the bytes read so far. An item takes a byte or more, and is copied once. */
const FREE_COPIES = 1024;

export interface PickleContext {
  /** For messages. */
  readonly file: string;
  /** Turns a persistent id into a storage or tensor; undefined for any other id. */
  readonly persistent: (id: PickleValue) => PickleValue | undefined;
}

export class PickleMachine {
  readonly #input: PickleBytes;
  readonly #context: PickleContext;
  readonly #stack: PickleValue[] = [];
  /** Stack heights at each open MARK: nothing below the last one can be popped. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();
  #objects = 0;
  #items = 0;
  #copied = 0;

  constructor(input: PickleBytes, context: PickleContext) {
    this.#input = input;
    this.#context = context;
  }

  /** @throws bad-weights when the program has grown beyond what honest files need */
  checkBounds(): void {
    if (this.#stack.length > MAX_STACK) this.#fail(`its stack grows beyond ${MAX_STACK} values`);
    if (this.#marks.length > MAX_STACK) this.#fail("too many marks");
    if (this.#memo.size > MAX_MEMO) this.#fail(`it remembers more than ${MAX_MEMO} values`);
    if (this.#objects > MAX_OBJECTS) this.#fail(`it makes more than ${MAX_OBJECTS} objects`);
    if (this.#items > MAX_ITEMS) this.#fail(`its lists have more than ${MAX_ITEMS} items`);
  }

  push(value: PickleValue): void {
    this.#stack.push(value);
  }

  /** Pushes a value that takes memory of its own. */
  pushNew(value: PickleValue): void {
    this.#objects++;
    this.#stack.push(value);
  }

  pop(): PickleValue {
    const bottom = this.#marks.at(-1) ?? 0;
    const value = this.#stack.length > bottom ? this.#stack.pop() : undefined;
    return value === undefined ? this.#fail("it takes a value from an empty stack") : value;
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  /** The values above the last mark. */
  popMark(): PickleValue[] {
    const mark = this.#marks.pop();
    return mark === undefined ? this.#fail("a mark is missing") : this.#stack.splice(mark);
  }

  pushTuple(length: number): void {
    const items: PickleValue[] = [];
    for (let i = 0; i < length; i++) items.unshift(this.pop());
    this.pushNew(new Sequence("tuple", items));
  }

  /** Stores the top of the stack in the memo, by default at the next free index. */
  remember(index = this.#memo.size): void {
    this.#memo.set(index, this.#top());
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    this.push(value === undefined ? this.#fail(`it recalls value ${index}, which it never stored`) : value);
  }

  pushGlobal(module: PickleValue, name: PickleValue): void {
    if (typeof module !== "string" || typeof name !== "string") return this.#fail("a name that is not a string");
    this.push(findGlobal(module, name) ?? this.#refuse(`${module}.${name}`));
  }

  pushPersistent(id: PickleValue): void {
    this.pushNew(this.#context.persistent(id) ?? this.#fail("a reference to a storage that does not make sense"));
  }

  /** Calls the name below the top of the stack with the arguments on top. */
  call(): void {
    const args = this.pop();
    const callee = this.pop();
    if (!(callee instanceof GlobalRef) || !(args instanceof Sequence))
      return this.#fail("a call of something that is not a name");
    const made = reduce(callee, args.items, (items) => this.#chargeCopies(items));
    this.pushNew(made ?? this.#fail(`${callee.path} has arguments that do not fit it`));
  }

  /** A call of five bytes can copy a large dict: its items are counted before they are copied. */
  #chargeCopies(items: number): void {
    this.#copied += items;
    const limit = this.#input.consumed + FREE_COPIES;
    if (this.#copied > limit) this.#fail(`its calls copy ${this.#copied} items, more than its bytes can describe`);
  }

  /** As `call`, with keyword arguments on top, which only inert classes take. */
  callWithKeywords(): void {
    this.pop();
    this.call();
  }

  appendTo(kind: Sequence["kind"], items: readonly PickleValue[]): void {
    const target = this.#top();
    if (target instanceof Opaque) return; // such as a numpy array of objects: not looked into
    if (!(target instanceof Sequence) || target.kind !== kind)
      return this.#fail("it appends to something that is not a list");
    for (const item of items) target.items.push(item);
    this.#items += items.length;
  }

  /** `items`: key, value, key, value. */
  setItems(items: readonly PickleValue[]): void {
    const target = this.#top();
    if (target instanceof Opaque) return; // such as Lightning's AttributeDict
    if (!(target instanceof Dict)) return this.#fail("it sets items of something that is not a dict");
    if (items.length % 2 !== 0) this.#fail("a key without a value");
    for (let i = 0; i + 1 < items.length; i += 2) target.entries.push([items[i] ?? null, items[i + 1] ?? null]);
    this.#objects += items.length / 2;
  }

  /** Sets attributes, such as an OrderedDict's `_metadata`. Only old Parameters need theirs; others are ignored. */
  setAttributes(state: PickleValue): void {
    const target = this.#top();
    if (target instanceof Parameter) {
      const data = state instanceof Sequence ? state.items[0] : undefined;
      if (data instanceof TensorRef) target.data = data;
      return;
    }
    const hasAttributes = [Dict, Opaque, TensorRef, Sequence].some((type) => target instanceof type);
    if (!hasAttributes) this.#fail("it sets attributes of something that has none");
  }

  #top(): PickleValue {
    const value = this.pop();
    this.push(value);
    return value;
  }

  #fail(what: string): never {
    return this.#input.fail(what);
  }

  #refuse(path: string): never {
    const shown = quote(path).slice(1, -1);
    const known = `the ${GLOBAL_COUNT} harmless names and packages this reader knows`;
    const fault = `which is not among ${known}; nothing was run`;
    const cure = "If you trust the file, load it in Python and save model.state_dict()";
    throw badWeights(this.#context.file, `its pickle refers to ${shown}, ${fault}. ${cure}`);
  }
}
