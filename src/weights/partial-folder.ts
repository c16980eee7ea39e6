/** A download in a folder of its own: `data`, and `origin.json`, which is written before the first byte of `data`. */

import { open, readFile, rm, stat, writeFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../base/make-folder.js";
import { sha256OfFile } from "./checked-files.js";
import { fileSource } from "./file-source.js";
import type { Origin, PartialFile } from "./partial-file.js";
import type { ByteSource } from "./source.js";

export class PartialFolder implements PartialFile {
  #handle: FileHandle | undefined;
  /** Of the bytes so far. */
  #digest: string | undefined;

  private constructor(
    readonly path: string,
    public size: number,
    public origin: Origin | undefined,
  ) {}

  get data(): string {
    return join(this.path, "data");
  }

  /** Makes the folder, or takes up what an earlier download left in it. */
  static async open(path: string): Promise<PartialFolder> {
    await makeFolder(path);
    const data = await stat(join(path, "data")).catch(() => undefined);
    const origin = await readFile(join(path, "origin.json"), "utf8")
      .then((text) => JSON.parse(text) as Origin)
      .catch(() => undefined);
    return new PartialFolder(path, data?.size ?? 0, origin);
  }

  async begin(origin: Origin): Promise<void> {
    await this.close();
    await rm(this.data, { force: true });
    await writeFile(join(this.path, "origin.json"), JSON.stringify(origin));
    this.size = 0;
    this.#digest = undefined;
    this.origin = origin;
  }

  async append(chunk: Uint8Array): Promise<void> {
    this.#digest = undefined;
    this.#handle ??= await open(this.data, "a");
    for (let start = 0; start < chunk.length;) {
      const { bytesWritten } = await this.#handle.write(chunk, start);
      start += bytesWritten;
      this.size += bytesWritten;
    }
  }

  async sha256(): Promise<string> {
    this.#digest ??= await sha256OfFile(this.data);
    return this.#digest;
  }

  async source(name: string): Promise<ByteSource> {
    return fileSource(this.data, name);
  }

  /** Closes the file after all bytes have reached the disk. */
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.sync();
    await handle?.close();
  }
}
