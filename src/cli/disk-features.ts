/**
 * Features of frozen backbones on disk, for sets that memory cannot hold and for later trainings. A file begins with
 * the SHA-256 of the rest; one that does not fit it is made again. The least recently used files go first.
 */
import { createHash } from "node:crypto";
import { readFile, readdir, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../base/make-folder.js";
import { nativePath } from "../base/native-path.js";
import { writeWhole } from "../base/write-whole.js";
import type { FeatureBytes, FeatureStore } from "../train/feature-cache.js";
import { cannotLook } from "./files.js";
import { removing, writing } from "./output-disk.js";

const HASH_BYTES = 32;
const NAME = /^[0-9a-f]{64}\.features$/;

const sha256 = (data: Uint8Array | string): Buffer => createHash("sha256").update(data).digest();

/** Maps by stride, one after the other: their count, then stride and length of each, then their bytes. */
function encode(features: FeatureBytes): Buffer {
  const head = new Uint32Array([features.size, ...[...features].flatMap(([stride, map]) => [stride, map.byteLength])]);
  const parts = [new Uint8Array(head.buffer), ...features.values()];
  const body = Buffer.concat(parts);
  return Buffer.concat([sha256(body), body]);
}

/** Undefined for a file that was damaged or cut off, or whose numbers do not fit its size. */
function decode(file: Buffer): FeatureBytes | undefined {
  const body = file.subarray(HASH_BYTES);
  if (!file.subarray(0, HASH_BYTES).equals(sha256(body))) return undefined;
  const features = new Map<number, Uint8Array>();
  const count = body.length < 4 ? Infinity : body.readUInt32LE(0);
  let at = 4 + 8 * count;
  if (at > body.length) return undefined;
  for (let i = 0; i < count; i++) {
    const [stride, length] = [body.readUInt32LE(4 + 8 * i), body.readUInt32LE(8 + 8 * i)];
    if (at + length > body.length) return undefined;
    features.set(stride, Uint8Array.from(body.subarray(at, at + length)));
    at += length;
  }
  return features;
}

export class DiskFeatures implements FeatureStore {
  /** Bytes of the files, in order of use. */
  readonly #kept = new Map<string, number>();
  #bytes = 0;

  private constructor(
    private readonly folder: string,
    private readonly scope: string,
    private readonly maxBytes: number,
  ) {}

  /**
   * Goes on with the files in the folder.
   * @param scope what features depend on besides the key: the checkpoint, the size of pictures, the seed of variations
   * @throws bad-option when the folder cannot be made, UsageError when it cannot be read
   */
  static async open(folder: string, scope: string, maxBytes: number): Promise<DiskFeatures> {
    await writing(folder, makeFolder(folder), "train");
    const store = new DiskFeatures(folder, scope, maxBytes);
    const found: { name: string; bytes: number; used: number }[] = [];
    const names = await readdir(nativePath(folder)).catch((error: unknown) => {
      throw cannotLook("train", folder, error);
    });
    for (const name of names) {
      if (!NAME.test(name)) continue;
      // Another training may have removed it.
      const info = await stat(nativePath(join(folder, name))).catch(() => undefined);
      if (info?.isFile()) found.push({ name, bytes: info.size, used: info.mtimeMs });
    }
    for (const { name, bytes } of found.sort((a, b) => a.used - b.used)) store.#note(name, bytes);
    return store;
  }

  get bytes(): number {
    return this.#bytes;
  }

  #nameOf(key: string): string {
    return `${sha256(`${this.scope}\n${key}`).toString("hex")}.features`;
  }

  async get(key: string): Promise<FeatureBytes | undefined> {
    const name = this.#nameOf(key);
    const path = join(this.folder, name);
    const file = await readFile(nativePath(path)).catch(() => undefined); // not there, or unreadable: it is made anew
    const features = file && decode(file);
    this.#forget(name);
    if (!file || !features) return undefined;
    this.#note(name, file.byteLength);
    const now = new Date();
    await utimes(nativePath(path), now, now).catch(() => undefined); // only the order of forgetting depends on it
    return features;
  }

  async set(key: string, features: FeatureBytes): Promise<void> {
    const name = this.#nameOf(key);
    const file = encode(features);
    if (file.byteLength > this.maxBytes) return;
    this.#forget(name);
    for (const [oldest] of this.#kept) {
      if (this.#bytes + file.byteLength <= this.maxBytes) break;
      this.#forget(oldest);
      await removing(join(this.folder, oldest), "train");
    }
    const path = join(this.folder, name);
    await writing(path, writeWhole(path, file), "train");
    this.#note(name, file.byteLength);
  }

  async clear(): Promise<void> {
    for (const name of [...this.#kept.keys()]) {
      this.#forget(name);
      await removing(join(this.folder, name), "train");
    }
  }

  #note(name: string, bytes: number): void {
    this.#kept.set(name, bytes);
    this.#bytes += bytes;
  }

  #forget(name: string): void {
    this.#bytes -= this.#kept.get(name) ?? 0;
    this.#kept.delete(name);
  }
}
