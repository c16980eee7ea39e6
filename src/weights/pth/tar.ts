/**
 * The headers of a tar archive: member names, places and sizes. Ustar and GNU; extended headers (pax, GNU long names)
 * are stepped over, because torch's member names are short.
 * https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06
 */

import { alignUp } from "../../kernel/shape.js";
import { badWeights, quote } from "../source.js";
import type { Bytes, ByteSource } from "../source.js";

export interface TarMember {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

const BLOCK = 512;
const MAX_MEMBERS = 64;

// Fields of a header: first byte, and first byte behind it.
const NAME = [0, 100] as const;
const SIZE = [124, 136] as const;
const CHECKSUM = [148, 156] as const;
/** The byte that tells regular files ("0" or NUL) from extended headers. */
const TYPE = 156;

/** True when the block's checksum matches its bytes. The sum counts the checksum field itself as spaces. */
export function isTarHeader(block: Bytes): boolean {
  if (block.length < BLOCK) return false;
  const [first, end] = CHECKSUM;
  const summed = block.slice(0, BLOCK).fill(0x20, first, end);
  const sum = summed.reduce((total, byte) => total + byte, 0);
  return numberOf(block.subarray(first, end)) === sum;
}

/** All members by name, the later of equal names. @throws bad-weights */
export async function listTar(source: ByteSource): Promise<Map<string, TarMember>> {
  const { name: file, size: fileSize } = source;
  const members = new Map<string, TarMember>();
  let position = 0;
  for (let count = 0; position < fileSize; count++) {
    if (position + BLOCK > fileSize) {
      const end = `it ends inside the tar header at byte ${position} (${fileSize} bytes are here)`;
      throw badWeights(file, `${end}; it is cut off`);
    }
    const block = await source.read(position, BLOCK);
    if (block.every((byte) => byte === 0)) break; // the end mark
    if (!isTarHeader(block)) throw badWeights(file, `its tar header at byte ${position} is damaged`);
    if (count === MAX_MEMBERS)
      throw badWeights(file, `it is a tar archive of more than ${MAX_MEMBERS} members, a checkpoint has 4`);
    const name = textOf(block.subarray(...NAME));
    const size = numberOf(block.subarray(...SIZE));
    const offset = position + BLOCK;
    if (size === undefined || offset + size > fileSize) {
      const claim = `claims ${size ?? "an unreadable number of"} bytes at ${offset}, but the file has ${fileSize}`;
      throw badWeights(file, `its tar member ${quote(name)} ${claim}; it may be cut off`);
    }
    const type = String.fromCharCode(block[TYPE] ?? 0);
    if (type === "0" || type === "\0") members.set(name, { name, offset, size });
    position = offset + alignUp(size, BLOCK);
  }
  return members;
}

/** The text up to the first NUL. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Octal digits, or big-endian binary when the first bit is set; undefined where it is neither. */
function numberOf(field: Uint8Array): number | undefined {
  const [first = 0, ...rest] = field;
  if ((first & 0x80) !== 0) {
    let value = first & 0x7f;
    for (const byte of rest) value = value * 256 + byte;
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const digits = textOf(field).trim();
  return /^[0-7]{1,12}$/.test(digits) ? parseInt(digits, 8) : undefined;
}
