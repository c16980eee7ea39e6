/**
 * The headers of a tar archive: member names, places and sizes. Ustar and GNU; extended headers (pax, GNU long names)
 * are stepped over, because torch's member names are short.
 * https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06
 */

import { alignUp } from "../../kernel/shape.js";
import { badWeights, quote } from "../source.js";
import type { ByteSource } from "../source.js";
import { TAR_BLOCK as BLOCK, isTarHeader, numberOf, textOf } from "../tar-header.js";

export interface TarMember {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

const MAX_MEMBERS = 64;

// Fields of a header: first byte, and first byte behind it.
const NAME = [0, 100] as const;
const SIZE = [124, 136] as const;
/** The byte that tells regular files ("0" or NUL) from extended headers. */
const TYPE = 156;

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
