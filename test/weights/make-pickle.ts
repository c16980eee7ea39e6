/** A pickle assembler: each function gives the bytes of one value, protocol 2. pickletools.py names the opcodes. */

import { concat, fields, utf8 } from "./make-bytes.js";

const none = Uint8Array.of(0x4e);
const no = Uint8Array.of(0x89);
const int = (value: number): Uint8Array => concat([0x4a], fields([value, 4]));
const str = (text: string): Uint8Array => concat([0x58], fields([utf8(text).length, 4]), utf8(text));
const global = (module: string, name: string): Uint8Array => concat([0x63], utf8(`${module}\n${name}\n`));
const tuple = (...items: Uint8Array[]): Uint8Array => concat([0x28], ...items, [0x74]);
const ints = (...values: number[]): Uint8Array => tuple(...values.map(int));
/** The object that a persistent id stands for. */
const persistent = (id: Uint8Array): Uint8Array => concat(id, [0x51]);
const call = (callee: Uint8Array, ...args: Uint8Array[]): Uint8Array => concat(callee, tuple(...args), [0x52]);

export const P = {
  raw: (...bytes: number[]): Uint8Array => Uint8Array.from(bytes),
  none,
  false: no,
  int,
  long: (value: bigint): Uint8Array => concat([0x8a, 8], fields([value, 8])),
  str,
  global,
  tuple,
  ints,
  list: (...items: Uint8Array[]): Uint8Array => concat([0x5d, 0x28], ...items, [0x65]),
  dict: (pairs: Record<string, Uint8Array>): Uint8Array =>
    concat([0x7d, 0x28], ...Object.entries(pairs).flatMap(([key, value]) => [str(key), value]), [0x75]),
  persistent,
  call,
  make: (type: Uint8Array, ...args: Uint8Array[]): Uint8Array => concat(type, tuple(...args), [0x81]),
  build: (object: Uint8Array, state: Uint8Array): Uint8Array => concat(object, state, [0x62]),
  /** `view` is what old files add to the id of a storage. */
  storage: (type: string, key: string, numel: number, ...view: Uint8Array[]): Uint8Array =>
    persistent(tuple(str("storage"), global("torch", type), str(key), str("cpu"), int(numel), ...view)),
  tensor: (storage: Uint8Array, offset: number, shape: number[], strides: number[]): Uint8Array =>
    call(
      global("torch._utils", "_rebuild_tensor_v2"),
      storage,
      int(offset),
      ints(...shape),
      ints(...strides),
      no,
      none,
    ),
  /** Protocol, body, STOP. */
  program: (...body: Uint8Array[]): Uint8Array => concat([0x80, 2], ...body, [0x2e]),
};
