/**
 * The central directory of a zip archive: which members it has, where and how large they are, zip64 included.
 * https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT gives the offsets of the fields, 4.3.12 to 4.5.3
 */

import { viewOf } from "../bytes.js";
import { badWeights, quote } from "../source.js";
import type { Bytes, ByteSource } from "../source.js";

export interface ZipMember {
  readonly name: string;
  readonly deflated: boolean;
  readonly packedSize: number;
  readonly size: number;
  readonly headerOffset: number;
}

const END_SIGNATURE = 0x06054b50;
const END64_SIGNATURE = 0x06064b50;
const LOCATOR64_SIGNATURE = 0x07064b50;
const ENTRY_SIGNATURE = 0x02014b50;

// Sizes without the variable parts.
const END_BYTES = 22;
const END64_BYTES = 56;
const LOCATOR64_BYTES = 20;
const ENTRY_BYTES = 46;
export const LOCAL_HEADER_BYTES = 30;

const MAX_COMMENT = 0xffff;
const ENCRYPTED_FLAG = 1;
const STORED = 0;
const DEFLATED = 8;
/** The value of a 32-bit field whose true value is in the zip64 extra field. */
const IN_ZIP64 = 0xffffffff;
const ZIP64_FIELD = 1;

export interface Directory {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
}

/** Finds the end record, from the end of the file (a comment of up to 64 KiB may follow it), or its zip64 form. */
export async function findDirectory(source: ByteSource): Promise<Directory> {
  const { name, size } = source;
  const tailLength = Math.min(size, END_BYTES + MAX_COMMENT);
  const tailStart = size - tailLength;
  const tail = viewOf(await source.read(tailStart, tailLength));
  for (let at = tailLength - END_BYTES; at >= 0; at--) {
    if (!isEndRecord(tail, at)) continue;
    const directory = await readEnd(source, tail, at);
    const limit = tailStart + at;
    if (directory.offset + directory.size > limit || directory.count * ENTRY_BYTES > directory.size) {
      const claim = `${directory.count} members in ${directory.size} bytes at ${directory.offset}`;
      throw badWeights(name, `its zip directory claims ${claim}, which does not fit a file of ${size} bytes`);
    }
    return directory;
  }
  const behind = bytesBehind(tail);
  if (behind !== undefined) {
    const cure = "cut them off, or save or download it again";
    throw badWeights(name, `${behind} bytes follow the end of its zip archive (${size} bytes are here); ${cure}`);
  }
  const fault = "it starts like a zip file but has no zip directory at its end, so it is cut off";
  throw badWeights(name, `${fault} (${size} bytes are here)`);
}

/** True when the signature is there and the comment ends where the file does. */
function isEndRecord(tail: DataView, at: number): boolean {
  if (tail.getUint32(at, true) !== END_SIGNATURE) return false;
  const commentLength = tail.getUint16(at + 20, true);
  return at + END_BYTES + commentLength === tail.byteLength;
}

/** Bytes that follow the last end record; undefined where there is none. */
function bytesBehind(tail: DataView): number | undefined {
  for (let at = tail.byteLength - END_BYTES; at >= 0; at--) {
    if (tail.getUint32(at, true) !== END_SIGNATURE) continue;
    const behind = tail.byteLength - at - END_BYTES - tail.getUint16(at + 20, true);
    if (behind > 0) return behind;
  }
  return undefined;
}

async function readEnd(source: ByteSource, tail: DataView, at: number): Promise<Directory> {
  const locator = at - LOCATOR64_BYTES;
  if (locator >= 0 && tail.getUint32(locator, true) === LOCATOR64_SIGNATURE)
    return readEnd64(source, tail.getBigUint64(locator + 8, true));
  return {
    count: tail.getUint16(at + 10, true),
    size: tail.getUint32(at + 12, true),
    offset: tail.getUint32(at + 16, true),
  };
}

async function readEnd64(source: ByteSource, position: bigint): Promise<Directory> {
  const { name, size: fileSize } = source;
  if (position > BigInt(fileSize))
    throw badWeights(name, `its zip64 end record should be at byte ${position} of ${fileSize}`);
  const view = viewOf(await source.read(Number(position), END64_BYTES));
  const fields = [view.getBigUint64(32, true), view.getBigUint64(40, true), view.getBigUint64(48, true)];
  const areBeyond = fields.some((field) => field > BigInt(fileSize));
  if (view.getUint32(0, true) !== END64_SIGNATURE || areBeyond)
    throw badWeights(name, "its zip64 end record is damaged");
  const [count = 0, size = 0, offset = 0] = fields.map(Number);
  return { count, size, offset };
}

/** @throws bad-weights for damaged entries, encryption, other methods, and members that do not fit the file */
export function parseDirectory(file: string, bytes: Bytes, directory: Directory): Map<string, ZipMember> {
  const members = new Map<string, ZipMember>();
  let position = 0;
  for (let i = 0; i < directory.count; i++) {
    const { member, next } = parseEntry(file, bytes, position, i);
    if (member.headerOffset + LOCAL_HEADER_BYTES + member.packedSize > directory.offset || !hasStoredSize(member)) {
      const claim = `${member.packedSize} bytes at ${member.headerOffset} that unpack to ${member.size}`;
      throw badWeights(file, `zip member ${quote(member.name)} claims ${claim}, which does not fit the file`);
    }
    if (members.has(member.name)) throw badWeights(file, `its zip directory has ${quote(member.name)} twice`);
    members.set(member.name, member);
    position = next;
  }
  return members;
}

/** A stored member is as large as it unpacks to. */
function hasStoredSize({ deflated, size, packedSize }: ZipMember): boolean {
  return deflated || size === packedSize;
}

function parseEntry(
  file: string,
  bytes: Bytes,
  start: number,
  index: number,
): { readonly member: ZipMember; readonly next: number } {
  const view = viewOf(bytes);
  if (start + ENTRY_BYTES > bytes.length || view.getUint32(start, true) !== ENTRY_SIGNATURE)
    throw badWeights(file, `entry ${index} of its zip directory is damaged`);
  const u16 = (field: number): number => view.getUint16(start + field, true);
  const u32 = (field: number): number => view.getUint32(start + field, true);
  const nameEnd = start + ENTRY_BYTES + u16(28);
  const extraEnd = nameEnd + u16(30);
  const next = extraEnd + u16(32); // behind the comment
  if (next > bytes.length) throw badWeights(file, `entry ${index} of its zip directory is cut off`);
  const name = new TextDecoder().decode(bytes.subarray(start + ENTRY_BYTES, nameEnd));
  const method = u16(10);
  if ((u16(8) & ENCRYPTED_FLAG) !== 0) throw badWeights(file, `zip member ${quote(name)} is encrypted`);
  if (method !== STORED && method !== DEFLATED) {
    const fault = `zip member ${quote(name)} is packed by method ${method}`;
    throw badWeights(file, `${fault}; stored (${STORED}) and deflated (${DEFLATED}) can be read`);
  }
  const tooShort = (): Error => badWeights(file, `zip member ${quote(name)} has a zip64 field that is too short`);
  const narrow = [u32(24), u32(20), u32(42)];
  const [size = 0, packedSize = 0, headerOffset = 0] = widen(narrow, bytes.subarray(nameEnd, extraEnd), tooShort);
  return { member: { name, deflated: method === DEFLATED, packedSize, size, headerOffset }, next };
}

/** Sizes and offset that did not fit 32 bits, from the zip64 extra field, in the order the format fixes. */
function widen(values: readonly number[], extra: Bytes, tooShort: () => Error): readonly number[] {
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length;) {
    const id = view.getUint16(at, true);
    let next = at + 4;
    const end = next + view.getUint16(at + 2, true);
    if (id === ZIP64_FIELD) {
      return values.map((value) => {
        if (value !== IN_ZIP64) return value;
        if (next + 8 > Math.min(end, extra.length)) throw tooShort();
        const wide = Number(view.getBigUint64(next, true));
        next += 8;
        return wide;
      });
    }
    at = end;
  }
  return values;
}
