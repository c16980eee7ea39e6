/**
 * Zip archives by hand: forms that torch.save writes rarely, and ones it never does.
 * https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */

import { crc32, deflateRawSync } from "node:zlib";
import { concat, fields, utf8 } from "./make-bytes.js";
import type { Field } from "./make-bytes.js";

export interface ZipOptions {
  readonly deflate?: boolean;
  /** Sizes 0 in local headers, the real ones behind the data. */
  readonly descriptors?: boolean;
  /** All sizes and offsets in zip64 fields. */
  readonly zip64?: boolean;
  readonly comment?: string;
  /** Bytes of padding in local headers, as PyTorch adds for alignment. */
  readonly pad?: number;
  readonly method?: number;
  readonly encrypted?: boolean;
}

/** What a local header and a directory entry say about a member. */
export interface ZipHeader {
  readonly name: string;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  readonly flags?: number;
  readonly method?: number;
  readonly extra?: Uint8Array;
}

const VERSION = 45;
const DEFLATED = 8;
const DESCRIPTOR_FLAG = 8;
const ENCRYPTED_FLAG = 1;
/** In a 32-bit field: the zip64 field has the value. */
const IN_ZIP64 = 0xffffffff;
const NOTHING = new Uint8Array(0);

/** The fields that both headers share, from the version to the length of the extra field. */
function commonFields({ name, crc, packedSize, size, flags = 0, method = 0, extra = NOTHING }: ZipHeader): Uint8Array {
  return fields(
    [VERSION, 2],
    [flags, 2],
    [method, 2],
    [0, 4], // time and date
    [crc, 4],
    [packedSize, 4],
    [size, 4],
    [utf8(name).length, 2],
    [extra.length, 2],
  );
}

export function localHeader(header: ZipHeader): Uint8Array {
  return concat(fields([0x04034b50, 4]), commonFields(header), utf8(header.name), header.extra ?? NOTHING);
}

/** `offset` is the position of the member's local header. */
export function directoryEntry(header: ZipHeader, offset: number): Uint8Array {
  return concat(
    fields([0x02014b50, 4], [VERSION, 2]),
    commonFields(header),
    fields([0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]), // comment, disk, attributes, offset
    utf8(header.name),
    header.extra ?? NOTHING,
  );
}

export interface ZipEnd {
  readonly count: number;
  readonly size: number;
  readonly offset: number;
  readonly comment?: string;
}

export function endRecord({ count, size, offset, comment = "" }: ZipEnd): Uint8Array {
  const text = utf8(comment);
  return concat(
    fields([0x06054b50, 4], [0, 4], [count, 2], [count, 2], [size, 4], [offset, 4], [text.length, 2]),
    text,
  );
}

/** The zip64 end record and its locator, for a directory that ends where they begin. */
function endRecord64({ count, size, offset }: ZipEnd): Uint8Array {
  return concat(
    fields([0x06064b50, 4], [44, 8], [VERSION, 2], [VERSION, 2], [0, 4], [0, 4]),
    fields([count, 8], [count, 8], [size, 8], [offset, 8]),
    fields([0x07064b50, 4], [0, 4], [offset + size, 8], [1, 4]),
  );
}

/** An extra field: id, length, content. */
const extraField = (id: number, content: Uint8Array): Uint8Array =>
  concat(fields([id, 2], [content.length, 2]), content);

const zip64Field = (...values: number[]): Uint8Array =>
  extraField(1, fields(...values.map((value): Field => [value, 8])));

interface Member {
  readonly name: string;
  readonly data: Uint8Array;
  readonly packed: Uint8Array;
}

function localPart({ name, data, packed }: Member, options: ZipOptions): Uint8Array {
  const { zip64 = false, descriptors = false, pad = 0 } = options;
  const crc = crc32(data);
  const narrow = zip64 ? IN_ZIP64 : undefined;
  const extra = concat(
    zip64 && !descriptors ? zip64Field(data.length, packed.length) : NOTHING,
    pad > 0 ? extraField(0x4246, new Uint8Array(pad).fill(0x5a)) : NOTHING,
  );
  const sizes = descriptors
    ? { crc: 0, packedSize: 0, size: 0 }
    : { crc, packedSize: narrow ?? packed.length, size: narrow ?? data.length };
  const width = zip64 ? 8 : 4;
  const descriptor = fields([0x08074b50, 4], [crc, 4], [packed.length, width], [data.length, width]);
  return concat(
    localHeader({ name, ...sizes, ...methodAndFlags(options), extra }),
    packed,
    descriptors ? descriptor : [],
  );
}

function directoryPart({ name, data, packed }: Member, offset: number, options: ZipOptions): Uint8Array {
  const { zip64 = false } = options;
  const narrow = zip64 ? IN_ZIP64 : undefined;
  const timestamp = extraField(0x5455, fields([0, 1])); // a field to step over
  const extra = zip64 ? concat(timestamp, zip64Field(data.length, packed.length, offset)) : NOTHING;
  const sizes = { crc: crc32(data), packedSize: narrow ?? packed.length, size: narrow ?? data.length };
  return directoryEntry({ name, ...sizes, ...methodAndFlags(options), extra }, narrow ?? offset);
}

function methodAndFlags(options: ZipOptions): { readonly method: number; readonly flags: number } {
  const method = options.method ?? (options.deflate ? DEFLATED : 0);
  const flags = (options.descriptors ? DESCRIPTOR_FLAG : 0) | (options.encrypted ? ENCRYPTED_FLAG : 0);
  return { method, flags };
}

export function makeZip(members: Iterable<readonly [string, Uint8Array]>, options: ZipOptions = {}): Uint8Array {
  const { zip64 = false, comment = "" } = options;
  const body: Uint8Array[] = [];
  const entries: Uint8Array[] = [];
  let offset = 0;
  for (const [name, data] of members) {
    const member = { name, data, packed: options.deflate ? new Uint8Array(deflateRawSync(data)) : data };
    const local = localPart(member, options);
    entries.push(directoryPart(member, offset, options));
    body.push(local);
    offset += local.length;
  }
  const directory = concat(...entries);
  const end = { count: entries.length, size: directory.length, offset };
  const narrowEnd = zip64 ? { count: 0xffff, size: IN_ZIP64, offset: IN_ZIP64 } : end;
  return concat(...body, directory, zip64 ? endRecord64(end) : NOTHING, endRecord({ ...narrowEnd, comment }));
}

/** The members of a zip whose members are stored and whose directory tells the sizes. */
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
