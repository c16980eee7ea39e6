/**
 * Zip archives as far as torch.save and Python's zipfile write them: stored or deflated members, sizes taken from the
 * central directory (local headers may leave them to data descriptors), zip64. Reads ranges, never the whole file.
 *
 * Not here: encryption, several disks, other methods; each is refused by name. CRCs are not checked, because PyTorch
 * can be told to write zip files without real ones (torch.serialization.set_crc32_options).
 * https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */

import { viewOf } from "../bytes.js";
import { badWeights, quote } from "../source.js";
import type { Bytes, ByteSource } from "../source.js";
import { inflateRaw } from "./inflate.js";
import { findDirectory, LOCAL_HEADER_BYTES, parseDirectory } from "./zip-directory.js";
import type { ZipMember } from "./zip-directory.js";

const LOCAL_SIGNATURE = 0x04034b50;
/** Unpacked bytes that are kept, unless one member alone has more. */
const KEPT_BYTES = 128 * 2 ** 20;

export class ZipArchive {
  readonly #source: ByteSource;
  /** Where the directory begins. */
  readonly #dataEnd: number;
  /** Deflated members cannot be read in part: some are kept for the tensors that share them, in the order of use. */
  readonly #unpacked = new Map<ZipMember, Promise<Bytes>>();

  private constructor(
    source: ByteSource,
    readonly members: ReadonlyMap<string, ZipMember>,
    dataEnd: number,
  ) {
    this.#source = source;
    this.#dataEnd = dataEnd;
  }

  /** `most` bounds what all members together may unpack to. @throws bad-weights */
  static async open(source: ByteSource, most: number): Promise<ZipArchive> {
    const { name, size } = source;
    const directory = await findDirectory(source);
    const members = parseDirectory(name, await source.read(directory.offset, directory.size), directory);
    let total = 0;
    for (const member of members.values()) total += member.size;
    if (total > most) {
      const limit = `far more than a checkpoint of ${size} bytes can hold`;
      throw badWeights(name, `its zip members claim to unpack to ${total} bytes, ${limit}`);
    }
    return new ZipArchive(source, members, directory.offset);
  }

  /** Part of a member's unpacked bytes, in fresh memory. */
  async read(member: ZipMember, offset = 0, length = member.size): Promise<Bytes> {
    if (offset + length > member.size) {
      const size = `zip member ${quote(member.name)} has ${member.size} bytes`;
      throw badWeights(this.#source.name, `${size}, ${length} at ${offset} are asked for`);
    }
    if (!member.deflated) return this.#source.read((await this.#locate(member)) + offset, length);
    const bytes = await this.#kept(member);
    return bytes.slice(offset, offset + length);
  }

  #kept(member: ZipMember): Promise<Bytes> {
    const unpacked = this.#unpacked.get(member) ?? this.#unpack(member);
    this.#unpacked.delete(member); // re-inserted last: the map's order is the order of use
    this.#unpacked.set(member, unpacked);
    let total = 0;
    for (const { size } of this.#unpacked.keys()) total += size;
    for (const oldest of this.#unpacked.keys()) {
      if (total <= KEPT_BYTES || oldest === member) break;
      this.#unpacked.delete(oldest);
      total -= oldest.size;
    }
    return unpacked;
  }

  /** Where the member's bytes start: behind its local header, whose lengths may differ from the directory's. */
  async #locate(member: ZipMember): Promise<number> {
    const header = viewOf(await this.#source.read(member.headerOffset, LOCAL_HEADER_BYTES));
    const [nameLength, extraLength] = [header.getUint16(26, true), header.getUint16(28, true)];
    const start = member.headerOffset + LOCAL_HEADER_BYTES + nameLength + extraLength;
    if (header.getUint32(0, true) !== LOCAL_SIGNATURE || start + member.packedSize > this.#dataEnd)
      throw badWeights(this.#source.name, `the local header of zip member ${quote(member.name)} is damaged`);
    return start;
  }

  async #unpack(member: ZipMember): Promise<Bytes> {
    const packed = await this.#source.read(await this.#locate(member), member.packedSize);
    return inflateRaw(packed, member.size, this.#source.name, `zip member ${quote(member.name)}`);
  }
}
