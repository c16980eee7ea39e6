/**
 * File names that are not UTF-8. Linux takes any bytes as a name, JavaScript's strings do not. A byte that is no part
 * of UTF-8 becomes the lone surrogate U+DC00 plus the byte, as in Python (PEP 383), and becomes that byte again where
 * the file is opened. Node only.
 */
import { isUtf8 } from "node:buffer";
import { realpathSync } from "node:fs";
import { readlink, realpath } from "node:fs/promises";

const ESCAPE = 0xdc00;
/** Lone surrogates only: with the flag u, halves of a pair do not match. */
const ESCAPED = /[\udc80-\udcff]/u;
const LONGEST_CHARACTER = 4;

/** Length of the character at the beginning of `bytes`; 0 where that is not UTF-8. */
function characterLength(bytes: Uint8Array): number {
  for (let length = 1; length <= Math.min(LONGEST_CHARACTER, bytes.length); length++) {
    if (isUtf8(bytes.subarray(0, length))) return length;
  }
  return 0;
}

/** A name from its bytes. */
export function decodeName(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  let name = "";
  let at = 0;
  while (at < bytes.length) {
    const length = characterLength(bytes.subarray(at));
    name += length > 0 ? bytes.toString("utf8", at, at + length) : String.fromCharCode(ESCAPE + (bytes[at] ?? 0));
    at += Math.max(1, length);
  }
  return name;
}

/** What functions of node:fs take: the path itself, or its bytes where they are not UTF-8. */
export function nativePath(path: string): string | Buffer {
  if (!ESCAPED.test(path)) return path;
  const parts = Array.from(path, (sign) =>
    ESCAPED.test(sign) ? Buffer.of(sign.charCodeAt(0) - ESCAPE) : Buffer.from(sign),
  );
  return Buffer.concat(parts);
}

/** The bytes of a name in the file system. Hashes of names are made from them: as UTF-8 all escapes are alike. */
export const nameBytes = (name: string): Buffer => Buffer.from(nativePath(name));

export const nameLength = (name: string): number => Buffer.byteLength(nativePath(name));

/** As realpath and readlink of node:fs, for names of any bytes. @throws their errors */
export const realName = async (path: string): Promise<string> => decodeName(await realpath(nativePath(path), "buffer"));

export const realNameSync = (path: string): string => decodeName(realpathSync.native(nativePath(path), "buffer"));

export const linkTarget = async (path: string): Promise<string> =>
  decodeName(await readlink(nativePath(path), "buffer"));
