/**
 * Who writes into which partial download, for processes, containers and machines that share a cache folder. Process
 * ids and clocks say nothing there. So each writer has a folder with a random name, in which it changes the file `beat`
 * once a second. A folder whose beat stands still is abandoned. Its bytes are copied, never taken over: a writer that
 * was only suspended may still write into it.
 *
 * A download that failed leaves `KEY.part`, which nobody writes into. It is claimed by renaming it, which is atomic.
 */

import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { noteHash } from "./checked-files.js";
import { PartialFolder } from "./partial-folder.js";

const BEAT_MS = 1000;
const POLL_MS = 200;
/** Milliseconds without a beat after which a folder is abandoned. */
const STILL_MS = 10_000;
/** A beat that is older by the file system's own clock needs no waiting. */
const OLD_MS = 120_000;

export interface ClaimOptions {
  /** Milliseconds without a beat after which a folder is abandoned, for tests. */
  readonly stillMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** False where the rename failed, because another process was quicker. */
function tryRename(from: string, to: string): Promise<boolean> {
  return rename(from, to).then(
    () => true,
    () => false,
  );
}

const remove = (path: string): Promise<void> => rm(path, { recursive: true, force: true }).catch(() => undefined);

/** A folder that only this writer writes into. */
export class DownloadClaim {
  readonly #target: string;
  readonly #timer: ReturnType<typeof setInterval>;
  #beating: Promise<void> = Promise.resolve();

  private constructor(
    readonly partial: PartialFolder,
    target: string,
  ) {
    this.#target = target;
    this.#timer = setInterval(() => {
      this.#beating = beat(partial.path).catch(() => undefined); // the folder may be lost, or the disk full
    }, BEAT_MS).unref();
  }

  /** Takes up the bytes of an earlier download of `target`, or starts with none. */
  static async take(target: string, options: ClaimOptions = {}): Promise<DownloadClaim> {
    const path = `${target}.part-${randomUUID()}`;
    await beat(`${target}.part`).catch(() => undefined); // not abandoned from the moment it has its new name
    const resumed = await tryRename(`${target}.part`, path);
    if (!resumed) {
      await mkdir(path);
      await beat(path);
    }
    let claim = new DownloadClaim(await PartialFolder.open(path), target);
    try {
      if (await claim.#adopt(options)) {
        await claim.#stop();
        claim = new DownloadClaim(await PartialFolder.open(path), target);
      }
    } catch (error) {
      await claim.release();
      throw error;
    }
    return claim;
  }

  /** True when another process has removed the folder, because this one stood still for too long. */
  get isLost(): boolean {
    return !existsSync(this.partial.path);
  }

  /** Gives the complete file its name. */
  async finish(): Promise<void> {
    const { data } = this.partial;
    const sha256 = await this.partial.sha256();
    await this.partial.close();
    await noteHash(this.#target, sha256, data);
    await rename(data, this.#target);
    await this.discard();
  }

  /** Removes the folder. */
  async discard(): Promise<void> {
    await this.#stop();
    await this.partial.close().catch(() => undefined);
    await remove(this.partial.path);
  }

  /** Leaves the bytes for the next attempt, unless another process has left some meanwhile: then those stay. */
  async release(): Promise<void> {
    await this.#stop();
    await this.partial.close().catch(() => undefined); // a full disk: the bytes written are still worth keeping
    const kept = this.partial.size > 0 && (await tryRename(this.partial.path, `${this.#target}.part`));
    if (!kept) await remove(this.partial.path);
  }

  /** Waits for the beat that is being written: it must not appear in a folder that is being removed. */
  #stop(): Promise<void> {
    clearInterval(this.#timer);
    return this.#beating;
  }

  /** Copies the bytes of an abandoned folder where this one has none, and removes all abandoned ones. */
  async #adopt(options: ClaimOptions): Promise<boolean> {
    const { path } = this.partial;
    const folder = dirname(path);
    let hasBytes = this.partial.size > 0;
    let adopted = false;
    for (const name of await readdir(folder)) {
      const other = join(folder, name);
      if (!name.startsWith(`${basename(this.#target)}.part-`) || other === path) continue;
      if (!(await isAbandoned(other, path, options))) continue;
      if (!hasBytes) adopted = hasBytes = await copyDownload(other, path);
      await remove(other);
    }
    return adopted;
  }
}

async function beat(folder: string): Promise<void> {
  await writeFile(join(folder, "beat"), randomUUID());
}

interface LifeSign {
  readonly beat: string;
  /** Milliseconds by the clock of the file system. */
  readonly time: number;
}

/** Undefined where the folder is gone. */
async function lifeSignOf(folder: string): Promise<LifeSign | undefined> {
  const path = join(folder, "beat");
  const info = (await stat(path).catch(() => undefined)) ?? (await stat(folder).catch(() => undefined));
  if (info === undefined) return undefined;
  return { beat: await readFile(path, "utf8").catch(() => ""), time: info.mtimeMs };
}

/** Watches the folder `other` until its beat changes or has stood still for long enough. `own` is this writer's. */
async function isAbandoned(other: string, own: string, options: ClaimOptions): Promise<boolean> {
  const { stillMs = STILL_MS, signal } = options;
  const before = await lifeSignOf(other);
  const now = await lifeSignOf(own);
  if (before === undefined) return false;
  if (now !== undefined && now.time - before.time > OLD_MS) return true;
  const start = performance.now();
  while (performance.now() - start < stillMs) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(POLL_MS, stillMs)));
    signal?.throwIfAborted();
    if ((await lifeSignOf(other))?.beat !== before.beat) return false;
  }
  return true;
}

/**
 * False, and nothing copied, where there is no whole download to copy. The origin is written before its first byte
 * (PartialFolder), so one that reads the same before and after the copy belongs to the bytes copied.
 */
async function copyDownload(from: string, to: string): Promise<boolean> {
  const data = join(to, "data");
  try {
    const origin = await readFile(join(from, "origin.json"));
    await copyFile(join(from, "data"), data);
    const after = await readFile(join(from, "origin.json"));
    if (!origin.equals(after)) throw new Error("it was begun anew meanwhile");
    await writeFile(join(to, "origin.json"), origin);
    return true;
  } catch {
    await remove(data); // a copy is only a saving: the download starts from nothing
    return false;
  }
}
