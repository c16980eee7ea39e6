/** Hand-made zips, pickles and .pth files for tests: forms that torch.save writes rarely, and ones it never does. */

import { crc32, deflateRawSync } from "node:zlib";
import { fixture } from "./fixtures.js";

export function concat(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Little-endian fields: [value, bytes] each. */
export function fields(...list: readonly (readonly [number | bigint, 1 | 2 | 4 | 8])[]): Uint8Array {
  return concat(
    ...list.map(([value, width]) => {
      const view = new DataView(new ArrayBuffer(8));
      view.setBigUint64(0, BigInt.asUintN(64, BigInt(value)), true);
      return new Uint8Array(view.buffer, 0, width);
    }),
  );
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

export interface ZipOptions {
  readonly deflate?: boolean;
  /** Sizes 0 in local headers, the real ones behind the data. */
  readonly descriptors?: boolean;
  /** All sizes and offsets in zip64 fields. */
  readonly zip64?: boolean;
  readonly comment?: string;
  /** Padding in local headers, as PyTorch adds for alignment. */
  readonly pad?: number;
  readonly method?: number;
  readonly encrypted?: boolean;
}

export function makeZip(members: Iterable<readonly [string, Uint8Array]>, options: ZipOptions = {}): Uint8Array {
  const { zip64 = false, descriptors = false, pad = 0 } = options;
  const method = options.method ?? (options.deflate ? 8 : 0);
  const flags = (descriptors ? 8 : 0) | (options.encrypted ? 1 : 0);
  const big = 0xffffffff;
  const body: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let offset = 0;
  for (const [name, data] of members) {
    const packed = options.deflate ? new Uint8Array(deflateRawSync(data)) : data;
    const text = utf8(name);
    const crc = crc32(data);
    const local64 =
      zip64 && !descriptors ? fields([1, 2], [16, 2], [data.length, 8], [packed.length, 8]) : new Uint8Array(0);
    const padding = pad > 0 ? concat(fields([0x4246, 2], [pad, 2]), new Uint8Array(pad).fill(0x5a)) : new Uint8Array(0);
    const sizes = descriptors ? [0, 0] : zip64 ? [big, big] : [packed.length, data.length];
    const local = concat(
      fields(
        [0x04034b50, 4],
        [45, 2],
        [flags, 2],
        [method, 2],
        [0, 4],
        [descriptors ? 0 : crc, 4],
        [sizes[0] ?? 0, 4],
        [sizes[1] ?? 0, 4],
        [text.length, 2],
        [local64.length + padding.length, 2],
      ),
      text,
      local64,
      padding,
      packed,
      descriptors
        ? fields([0x08074b50, 4], [crc, 4], [packed.length, zip64 ? 8 : 4], [data.length, zip64 ? 8 : 4])
        : [],
    );
    const extra = zip64
      ? concat(
          fields([0x5455, 2], [1, 2], [0, 1]),
          fields([1, 2], [24, 2], [data.length, 8], [packed.length, 8], [offset, 8]),
        )
      : new Uint8Array(0);
    central.push(
      concat(
        fields(
          [0x02014b50, 4],
          [45, 2],
          [45, 2],
          [flags, 2],
          [method, 2],
          [0, 4],
          [crc, 4],
          [zip64 ? big : packed.length, 4],
          [zip64 ? big : data.length, 4],
          [text.length, 2],
          [extra.length, 2],
          [0, 2],
          [0, 2],
          [0, 2],
          [0, 4],
          [zip64 ? big : offset, 4],
        ),
        text,
        extra,
      ),
    );
    body.push(local);
    offset += local.length;
  }
  const directory = concat(...central);
  const end64 = zip64
    ? concat(
        fields(
          [0x06064b50, 4],
          [44, 8],
          [45, 2],
          [45, 2],
          [0, 4],
          [0, 4],
          [central.length, 8],
          [central.length, 8],
          [directory.length, 8],
          [offset, 8],
        ),
        fields([0x07064b50, 4], [0, 4], [offset + directory.length, 8], [1, 4]),
      )
    : new Uint8Array(0);
  const comment = utf8(options.comment ?? "");
  const end = fields(
    [0x06054b50, 4],
    [0, 4],
    [zip64 ? 0xffff : central.length, 2],
    [zip64 ? 0xffff : central.length, 2],
    [zip64 ? big : directory.length, 4],
    [zip64 ? big : offset, 4],
    [comment.length, 2],
  );
  return concat(...body, directory, end64, end, comment);
}

/** The members of a zip whose members are stored and whose local headers tell the sizes or whose directory does. */
export function unzip(bytes: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const members = new Map<string, Uint8Array>();
  let at = view.getUint32(bytes.length - 6, true);
  for (let left = view.getUint16(bytes.length - 12, true); left > 0; left--) {
    const nameLength = view.getUint16(at + 28, true);
    const local = view.getUint32(at + 42, true);
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    members.set(
      new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength)),
      bytes.slice(start, start + view.getUint32(at + 20, true)),
    );
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return members;
}

/** A pickle assembler: each function gives the bytes of one value, protocol 2. */
export const P = {
  raw: (...bytes: number[]): Uint8Array => Uint8Array.from(bytes),
  none: Uint8Array.of(0x4e),
  false: Uint8Array.of(0x89),
  int: (value: number): Uint8Array => concat([0x4a], fields([value, 4])),
  long: (value: bigint): Uint8Array => concat([0x8a, 8], fields([value, 8])),
  str: (text: string): Uint8Array => concat([0x58], fields([utf8(text).length, 4]), utf8(text)),
  global: (module: string, name: string): Uint8Array => concat([0x63], utf8(`${module}\n${name}\n`)),
  tuple: (...items: Uint8Array[]): Uint8Array => concat([0x28], ...items, [0x74]),
  list: (...items: Uint8Array[]): Uint8Array => concat([0x5d, 0x28], ...items, [0x65]),
  dict: (pairs: Record<string, Uint8Array>): Uint8Array =>
    concat([0x7d, 0x28], ...Object.entries(pairs).flatMap(([key, value]) => [P.str(key), value]), [0x75]),
  call: (callee: Uint8Array, ...args: Uint8Array[]): Uint8Array => concat(callee, P.tuple(...args), [0x52]),
  make: (type: Uint8Array, ...args: Uint8Array[]): Uint8Array => concat(type, P.tuple(...args), [0x81]),
  build: (object: Uint8Array, state: Uint8Array): Uint8Array => concat(object, state, [0x62]),
  storage: (type: string, key: string, numel: number, ...view: Uint8Array[]): Uint8Array =>
    concat(P.tuple(P.str("storage"), P.global("torch", type), P.str(key), P.str("cpu"), P.int(numel), ...view), [0x51]),
  ints: (...values: number[]): Uint8Array => P.tuple(...values.map(P.int)),
  tensor: (storage: Uint8Array, offset: number, shape: number[], strides: number[]): Uint8Array =>
    P.call(
      P.global("torch._utils", "_rebuild_tensor_v2"),
      storage,
      P.int(offset),
      P.ints(...shape),
      P.ints(...strides),
      P.false,
      P.none,
    ),
  program: (...body: Uint8Array[]): Uint8Array => concat([0x80, 2], ...body, [0x2e]),
};

/** Little-endian float32 bytes. */
export function floats(...values: number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

export function makePth(
  object: Uint8Array,
  storages: Record<string, Uint8Array> = {},
  options: ZipOptions = {},
  more: Record<string, Uint8Array> = {},
): Uint8Array {
  const members: [string, Uint8Array][] = [["archive/data.pkl", P.program(object)]];
  for (const [key, data] of Object.entries(storages)) members.push([`archive/data/${key}`, data]);
  for (const [key, data] of Object.entries(more)) members.push([`archive/${key}`, data]);
  return makeZip(members, options);
}

/** The legacy stream: the head of a real one (magic, protocol, sys_info), then object, keys and [count, data] each. */
export function makeLegacy(object: Uint8Array, storages: Record<string, readonly [number, Uint8Array]>): Uint8Array {
  const head = fixture("legacy.pth").slice(0, 137);
  const data = Object.values(storages).flatMap(([count, bytes]) => [fields([count, 8]), bytes]);
  return concat(head, P.program(object), P.program(P.list(...Object.keys(storages).map(P.str))), ...data);
}
