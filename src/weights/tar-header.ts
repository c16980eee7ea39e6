/** Tells a tar archive by its first header. https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html */
import type { Bytes } from "./source.js";

/** Bytes of a header, and the unit of an archive. */
export const TAR_BLOCK = 512;
/** First byte of the field, and first byte behind it. */
const CHECKSUM = [148, 156] as const;

/** True when the block's checksum matches its bytes. The sum counts the checksum field itself as spaces. */
export function isTarHeader(block: Bytes): boolean {
  if (block.length < TAR_BLOCK) return false;
  const [first, end] = CHECKSUM;
  const summed = block.slice(0, TAR_BLOCK).fill(0x20, first, end);
  const sum = summed.reduce((total, byte) => total + byte, 0);
  return numberOf(block.subarray(first, end)) === sum;
}

/** Octal digits, or big-endian binary when the first bit is set; undefined where it is neither. */
export function numberOf(field: Uint8Array): number | undefined {
  const [first = 0, ...rest] = field;
  if ((first & 0x80) !== 0) {
    let value = first & 0x7f;
    for (const byte of rest) value = value * 256 + byte;
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const digits = textOf(field).trim();
  return /^[0-7]{1,12}$/.test(digits) ? parseInt(digits, 8) : undefined;
}

/** The text up to the first NUL. */
export function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
