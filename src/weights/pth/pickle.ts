/**
 * A pickle interpreter that runs nothing: a closed list of opcodes here, a closed list of names (globals.ts), records
 * in place of objects (values.ts), and bounds on everything (pickle-machine.ts). Protocols 2 to 5, as torch.save
 * writes them.
 *
 * https://github.com/python/cpython/blob/3.13/Lib/pickletools.py documents each opcode.
 */

import { toHex } from "../../base/hex.js";
import { badWeights, quote } from "../source.js";
import { PickleBytes } from "./pickle-bytes.js";
import { PickleMachine } from "./pickle-machine.js";
import type { PickleContext } from "./pickle-machine.js";
import { Dict, Sequence } from "./values.js";
import type { PickleValue } from "./values.js";

export interface Unpickled {
  readonly value: PickleValue;
  /** Position of the first byte behind the pickle. */
  readonly end: number;
}

const MAX_PROTOCOL = 5;
const STOP = 0x2e;

/** What to do about a pickle of protocol 0 or 1. */
export const OLD_PROTOCOL =
  "its pickle has protocol 0 or 1, protocols 2 to 5 can be read; save it again with torch.save(..., pickle_protocol=2)";

type Operation = (machine: PickleMachine, input: PickleBytes) => void;

/** By opcode. The comments give the names in pickletools.py. */
const OPERATIONS: Readonly<Record<number, Operation>> = {
  0x80: (_, input) => checkProtocol(input), // PROTO
  0x95: (_, input) => void input.skip(8), // FRAME: only a hint for buffered reading
  0x28: (machine) => machine.mark(), // MARK
  0x30: (machine) => void machine.pop(), // POP
  0x31: (machine) => void machine.popMark(), // POP_MARK

  0x4e: (machine) => machine.push(null), // NONE
  0x88: (machine) => machine.push(true), // NEWTRUE
  0x89: (machine) => machine.push(false), // NEWFALSE
  0x4a: (machine, input) => machine.push(input.i32()), // BININT
  0x4b: (machine, input) => machine.push(input.u8()), // BININT1
  0x4d: (machine, input) => machine.push(input.u16()), // BININT2
  0x8a: (machine, input) => machine.push(input.long(input.u8())), // LONG1
  0x8b: (machine, input) => machine.push(input.long(input.i32())), // LONG4
  0x47: (machine, input) => machine.push(input.f64()), // BINFLOAT

  0x58: (machine, input) => machine.push(input.text(input.u32())), // BINUNICODE
  0x8c: (machine, input) => machine.push(input.text(input.u8())), // SHORT_BINUNICODE
  0x8d: (machine, input) => machine.push(input.text(input.length64())), // BINUNICODE8
  0x55: (machine, input) => machine.push(input.byteString(input.u8())), // SHORT_BINSTRING
  0x54: (machine, input) => machine.push(input.byteString(input.i32())), // BINSTRING
  0x43: (machine, input) => machine.push(input.bytes(input.u8())), // SHORT_BINBYTES
  0x42: (machine, input) => machine.push(input.bytes(input.u32())), // BINBYTES
  0x8e: (machine, input) => machine.push(input.bytes(input.length64())), // BINBYTES8
  0x96: (machine, input) => machine.push(input.bytes(input.length64())), // BYTEARRAY8

  0x29: (machine) => machine.pushTuple(0), // EMPTY_TUPLE
  0x85: (machine) => machine.pushTuple(1), // TUPLE1
  0x86: (machine) => machine.pushTuple(2), // TUPLE2
  0x87: (machine) => machine.pushTuple(3), // TUPLE3
  0x74: (machine) => machine.pushNew(new Sequence("tuple", machine.popMark())), // TUPLE
  0x5d: (machine) => machine.pushNew(new Sequence("list", [])), // EMPTY_LIST
  0x61: (machine) => machine.appendTo("list", [machine.pop()]), // APPEND
  0x65: (machine) => machine.appendTo("list", machine.popMark()), // APPENDS
  0x8f: (machine) => machine.pushNew(new Sequence("set", [])), // EMPTY_SET
  0x90: (machine) => machine.appendTo("set", machine.popMark()), // ADDITEMS
  0x91: (machine) => machine.pushNew(new Sequence("set", machine.popMark())), // FROZENSET
  0x7d: (machine) => machine.pushNew(new Dict()), // EMPTY_DICT
  0x73: setItem, // SETITEM
  0x75: (machine) => machine.setItems(machine.popMark()), // SETITEMS

  0x63: (machine, input) => machine.pushGlobal(input.line(), input.line()), // GLOBAL
  0x93: stackGlobal, // STACK_GLOBAL
  0x51: (machine) => machine.pushPersistent(machine.pop()), // BINPERSID
  0x52: (machine) => machine.call(), // REDUCE
  0x81: (machine) => machine.call(), // NEWOBJ
  0x92: (machine) => machine.callWithKeywords(), // NEWOBJ_EX
  0x62: (machine) => machine.setAttributes(machine.pop()), // BUILD

  0x71: (machine, input) => machine.remember(input.u8()), // BINPUT
  0x72: (machine, input) => machine.remember(input.u32()), // LONG_BINPUT
  0x94: (machine) => machine.remember(), // MEMOIZE
  0x68: (machine, input) => machine.recall(input.u8()), // BINGET
  0x6a: (machine, input) => machine.recall(input.u32()), // LONG_BINGET
};

/** Interprets the pickle at `start`. @throws PickleEnds or bad-weights */
export function unpickle(bytes: Uint8Array, start: number, context: PickleContext): Unpickled {
  const input = new PickleBytes(bytes, start, context.file);
  const machine = new PickleMachine(input, context);
  for (;;) {
    const opcode = input.u8();
    if (opcode === STOP) return { value: machine.pop(), end: input.position };
    const operation = OPERATIONS[opcode] ?? unknownOpcode(opcode, input);
    operation(machine, input);
    machine.checkBounds();
  }
}

function checkProtocol(input: PickleBytes): void {
  if (input.u8() > MAX_PROTOCOL) input.fail(`a pickle protocol above ${MAX_PROTOCOL}`);
}

function setItem(machine: PickleMachine): void {
  const value = machine.pop();
  const key = machine.pop();
  machine.setItems([key, value]);
}

function stackGlobal(machine: PickleMachine): void {
  const name = machine.pop();
  const module = machine.pop();
  machine.pushGlobal(module, name);
}

function unknownOpcode(opcode: number, input: PickleBytes): never {
  if (!input.namesProtocol) throw badWeights(input.file, OLD_PROTOCOL);
  const isPrintable = opcode > 0x20 && opcode < 0x7f;
  const letter = isPrintable ? ` (${quote(String.fromCharCode(opcode))})` : "";
  return input.fail(`torch.save never writes the opcode 0x${toHex([opcode])}${letter}`);
}
