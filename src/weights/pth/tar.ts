/**
 * The headers of a tar archive: member names, places and sizes. Ustar and GNU; extended headers (pax, GNU long names)
 * are stepped over, because torch's member names are short.
 * https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06
 */

import { badWeights, quote } from "../source.js";
import type { Bytes, ByteSource } from "../source.js";

export interface TarMember {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

const BLOCK = 512;
const MAX_MEMBERS = 64;

function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Octal digits, or big-endian binary when the first bit is set; undefined where it is neither. */
function numberOf(field: Uint8Array): number | undefined {
  if (((field[0] ?? 0) & 0x80) !== 0) {
    let value = (field[0] ?? 0) & 0x7f;
    for (const byte of field.subarray(1)) value = value * 256 + byte;
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const digits = textOf(field).trim();
  return /^[0-7]{1,12}$/.test(digits) ? parseInt(digits, 8) : undefined;
}

/** True when the block's checksum is that of its bytes, the checksum field itself counted as spaces. */
export function isTarHeader(block: Bytes): boolean {
  if (block.length < BLOCK) return false;
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 0x20 : (block[i] ?? 0);
  return numberOf(block.subarray(148, 156)) === sum;
}

/** All members by name, the later of equal names. Throws `bad-weights`. */
export async function listTar(source: ByteSource): Promise<Map<string, TarMember>> {
  const members = new Map<string, TarMember>();
  let at = 0;
  for (let count = 0; at < source.size; count++) {
    if (at + BLOCK > source.size)
      throw badWeights(
        source.name,
        `it ends inside the tar header at byte ${at} (${source.size} bytes are here); it is cut off`,
      );
    const block = await source.read(at, BLOCK);
    if (block.every((byte) => byte === 0)) break; // the end mark
    if (!isTarHeader(block)) throw badWeights(source.name, `its tar header at byte ${at} is damaged`);
    if (count === MAX_MEMBERS)
      throw badWeights(source.name, `it is a tar archive of more than ${MAX_MEMBERS} members, a checkpoint has 4`);
    const name = textOf(block.subarray(0, 100));
    const size = numberOf(block.subarray(124, 136));
    const offset = at + BLOCK;
    if (size === undefined || offset + size > source.size) {
      const claim = `claims ${size ?? "an unreadable number of"} bytes at ${offset}, but the file has ${source.size}`;
      throw badWeights(source.name, `its tar member ${quote(name)} ${claim}; it may be cut off`);
    }
    const type = String.fromCharCode(block[156] ?? 0);
    if (type === "0" || type === "\0") members.set(name, { name, offset, size });
    at = offset + Math.ceil(size / BLOCK) * BLOCK;
  }
  return members;
}
