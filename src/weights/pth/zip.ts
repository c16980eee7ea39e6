/**
 * Zip archives as far as torch.save and Python's zipfile write them: stored or deflated members, sizes taken from the
 * central directory (local headers may leave them to data descriptors), zip64. Reads ranges, never the whole file.
 *
 * Not here: encryption, several disks, other methods; each is refused by name. CRCs are not checked, because PyTorch
 * can be told to write zip files without real ones (torch.serialization.set_crc32_options).
 * https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */

import { badWeights, quote } from "../source.js";
import type { Bytes, ByteSource } from "../source.js";
import { inflateRaw } from "./inflate.js";

export interface ZipMember {
  readonly name: string;
  readonly deflated: boolean;
  readonly packedSize: number;
  readonly size: number;
  readonly headerOffset: number;
}

const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;

interface Directory {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
}

function viewOf(bytes: Bytes): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The end record, searched from the end of the file (a comment of up to 64 KiB may follow it), or its zip64 form. */
async function findDirectory(source: ByteSource): Promise<Directory> {
  const { name, size } = source;
  const tailLength = Math.min(size, 22 + 0xffff);
  const tailStart = size - tailLength;
  const tail = viewOf(await source.read(tailStart, tailLength));
  for (let at = tailLength - 22; at >= 0; at--) {
    if (tail.getUint32(at, true) !== END || at + 22 + tail.getUint16(at + 20, true) !== tailLength) continue;
    const plain = {
      count: tail.getUint16(at + 10, true),
      size: tail.getUint32(at + 12, true),
      offset: tail.getUint32(at + 16, true),
    };
    const has64 = at >= 20 && tail.getUint32(at - 20, true) === LOCATOR64;
    const directory = has64 ? await readEnd64(source, tail.getBigUint64(at - 20 + 8, true)) : plain;
    const limit = tailStart + at;
    if (directory.offset + directory.size > limit || directory.count * 46 > directory.size) {
      const claim = `${directory.count} members in ${directory.size} bytes at ${directory.offset}`;
      throw badWeights(name, `its zip directory claims ${claim}, which does not fit a file of ${size} bytes`);
    }
    return directory;
  }
  throw badWeights(
    name,
    `it starts like a zip file but has no zip directory at its end, so it is cut off (${size} bytes are here)`,
  );
}

async function readEnd64(source: ByteSource, position: bigint): Promise<Directory> {
  if (position > BigInt(source.size))
    throw badWeights(source.name, `its zip64 end record should be at byte ${position} of ${source.size}`);
  const view = viewOf(await source.read(Number(position), 56));
  const fields = [view.getBigUint64(32, true), view.getBigUint64(40, true), view.getBigUint64(48, true)];
  if (view.getUint32(0, true) !== END64 || fields.some((field) => field > BigInt(source.size))) {
    throw badWeights(source.name, "its zip64 end record is damaged");
  }
  const [count = 0, size = 0, offset = 0] = fields.map(Number);
  return { count, size, offset };
}

/** Sizes and offset that did not fit 32 bits, from the zip64 extra field, in the order the format fixes. */
function widen(file: string, member: string, values: readonly number[], extra: Bytes): number[] {
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length;) {
    const length = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1) {
      let next = at + 4;
      const end = Math.min(next + length, extra.length);
      return values.map((value) => {
        if (value !== 0xffffffff) return value;
        if (next + 8 > end) throw badWeights(file, `zip member ${quote(member)} has a zip64 field that is too short`);
        const wide = Number(view.getBigUint64(next, true));
        next += 8;
        return wide;
      });
    }
    at += 4 + length;
  }
  return [...values];
}

function parseDirectory(file: string, bytes: Bytes, directory: Directory): Map<string, ZipMember> {
  const view = viewOf(bytes);
  const members = new Map<string, ZipMember>();
  let at = 0;
  for (let i = 0; i < directory.count; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== CENTRAL)
      throw badWeights(file, `entry ${i} of its zip directory is damaged`);
    const [nameLength, extraLength, commentLength] = [
      view.getUint16(at + 28, true),
      view.getUint16(at + 30, true),
      view.getUint16(at + 32, true),
    ];
    const nameEnd = at + 46 + nameLength;
    const next = nameEnd + extraLength + commentLength;
    if (next > bytes.length) throw badWeights(file, `entry ${i} of its zip directory is cut off`);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, nameEnd));
    const method = view.getUint16(at + 10, true);
    if ((view.getUint16(at + 8, true) & 1) !== 0) throw badWeights(file, `zip member ${quote(name)} is encrypted`);
    if (method !== 0 && method !== 8) {
      throw badWeights(
        file,
        `zip member ${quote(name)} is packed by method ${method}; stored (0) and deflated (8) can be read`,
      );
    }
    const narrow = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
    const [size = 0, packedSize = 0, headerOffset = 0] = widen(
      file,
      name,
      narrow,
      bytes.slice(nameEnd, nameEnd + extraLength),
    );
    if (headerOffset + 30 + packedSize > directory.offset || (method === 0 && size !== packedSize)) {
      throw badWeights(
        file,
        `zip member ${quote(name)} claims ${packedSize} bytes at ${headerOffset} that unpack to ${size}, which does not fit the file`,
      );
    }
    if (members.has(name)) throw badWeights(file, `its zip directory has ${quote(name)} twice`);
    members.set(name, { name, deflated: method === 8, packedSize, size, headerOffset });
    at = next;
  }
  return members;
}

export class ZipArchive {
  /** Deflated members cannot be read in part: the last one is kept for the tensors that share it. */
  private last: { member: ZipMember; bytes: Promise<Bytes> } | undefined;

  private constructor(
    private readonly source: ByteSource,
    readonly members: ReadonlyMap<string, ZipMember>,
    private readonly dataEnd: number,
  ) {}

  /** Throws `bad-weights`. `most` bounds what all members together may unpack to. */
  static async open(source: ByteSource, most: number): Promise<ZipArchive> {
    const directory = await findDirectory(source);
    const members = parseDirectory(source.name, await source.read(directory.offset, directory.size), directory);
    let total = 0;
    for (const member of members.values()) total += member.size;
    if (total > most) {
      throw badWeights(
        source.name,
        `its zip members claim to unpack to ${total} bytes, far more than a checkpoint of ${source.size} bytes can hold`,
      );
    }
    return new ZipArchive(source, members, directory.offset);
  }

  /** Where the member's bytes start: behind its local header, whose lengths may differ from the directory's. */
  private async locate(member: ZipMember): Promise<number> {
    const header = viewOf(await this.source.read(member.headerOffset, 30));
    const start = member.headerOffset + 30 + header.getUint16(26, true) + header.getUint16(28, true);
    if (header.getUint32(0, true) !== LOCAL || start + member.packedSize > this.dataEnd) {
      throw badWeights(this.source.name, `the local header of zip member ${quote(member.name)} is damaged`);
    }
    return start;
  }

  /** Part of a member's unpacked bytes, in fresh memory. */
  async read(member: ZipMember, offset = 0, length = member.size): Promise<Bytes> {
    if (offset + length > member.size) {
      throw badWeights(
        this.source.name,
        `zip member ${quote(member.name)} has ${member.size} bytes, ${length} at ${offset} are asked for`,
      );
    }
    if (!member.deflated) return this.source.read((await this.locate(member)) + offset, length);
    if (this.last?.member !== member) this.last = { member, bytes: this.unpack(member) };
    const { bytes } = this.last;
    return (await bytes).slice(offset, offset + length);
  }

  private async unpack(member: ZipMember): Promise<Bytes> {
    const packed = await this.source.read(await this.locate(member), member.packedSize);
    return inflateRaw(packed, member.size, this.source.name, `zip member ${quote(member.name)}`);
  }
}
