/**
 * One writer to an --out folder at a time. A run announces itself with an empty file whose name says who it is, and
 * then looks for the files of others. Of two runs that start together, the later one to look sees the other's file. An
 * empty file needs no space on a full disk, and cannot be cut off.
 */
import { createHash, randomUUID } from "node:crypto";
import { readFileSync, readlinkSync, statSync } from "node:fs";
import { open, readdir, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { FcnError } from "../base/errors.js";
import { nativePath } from "../base/native-path.js";
import { KEPT_WORK, removing, writing } from "./output-disk.js";
import { removeAtExit, removeBeforeExit } from "./removed-at-exit.js";

/** A run touches its file this often. */
const BEAT_MS = 10_000;
/** A run of another machine counts as dead after this long without a touch. */
const DEAD_AFTER_MS = 120_000;
/** Looks for other runs before giving up. Two that start together see each other, step back and try again. */
const TRIES = 4;
const MIN_PAUSE_MS = 40;
const MAX_PAUSE_MS = 400;

/** Process, its start, the machine (or container), and a random part. */
const LOCK_NAME = /^\.writer-(\d{1,10})-(\d{1,20})-([0-9a-f]{12})-[0-9a-f-]{36}\.lock$/;
/** Of the text after the program's name in /proc/PID/stat, which holds the third value first: value 22. */
const START_FIELD = 22 - 3;

interface Writer {
  readonly path: string;
  readonly pid: number;
  /** When the process started, in the system's own count; 0 where the system does not say. */
  readonly started: string;
  /** Process ids mean something only where this is equal. */
  readonly place: string;
}

function textOf(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}

/** A hash of the host's name, its boot and the container's process ids. */
function placeOf(): string {
  const boot = textOf(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8"));
  const pids = textOf(() => readlinkSync("/proc/self/ns/pid"));
  return createHash("sha256").update([hostname(), boot, pids].join("\n")).digest("hex").slice(0, 12);
}

/** A process id is used again after its process has ended; with the start it is not. */
function startOf(pid: number): string {
  const text = textOf(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields[START_FIELD] ?? "0";
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // of another user
  }
}

/** Whether a file is not there. A disk or a network that fails says nothing about it. */
export const isGone = (error: unknown): boolean =>
  ["ENOENT", "ESTALE"].includes((error as NodeJS.ErrnoException).code ?? "");

/** When the run touched its file; undefined when the file is gone. @throws the system's error */
async function lastTouch({ path }: Writer): Promise<number | undefined> {
  try {
    return (await stat(nativePath(path))).mtimeMs;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Milliseconds since then. */
async function silenceOf(writer: Writer): Promise<number | undefined> {
  const touched = await lastTouch(writer);
  return touched === undefined ? undefined : Date.now() - touched;
}

/** Whether the run still writes. On this machine its process decides, elsewhere the time of its last touch. */
async function isLive(writer: Writer, place: string): Promise<boolean> {
  const silence = await silenceOf(writer);
  if (silence === undefined) return false;
  if (writer.place !== place) return silence < DEAD_AFTER_MS;
  if (!isRunning(writer.pid)) return false;
  const started = startOf(writer.pid);
  if (started === "0" || writer.started === "0") return silence < DEAD_AFTER_MS;
  return started === writer.started;
}

/** @throws the error of node:fs */
async function writersIn(folder: string): Promise<Writer[]> {
  return (await readdir(nativePath(folder))).flatMap((name): Writer[] => {
    const [, pid, started, place] = LOCK_NAME.exec(name) ?? [];
    if (pid === undefined || started === undefined || place === undefined) return [];
    return [{ path: join(folder, name), pid: Number(pid), started, place }];
  });
}

/** Whether a run writes to the folder. */
export async function hasWriter(folder: string): Promise<boolean> {
  const place = placeOf();
  for (const writer of await writersIn(folder)) if (await isLive(writer, place)) return true;
  return false;
}

/** It passes: once the other run has ended, the same call succeeds. */
async function refusal(command: string, folder: string, other: Writer, place: string): Promise<FcnError> {
  const seconds = Math.max(0, Math.round(((await writing(other.path, silenceOf(other), command)) ?? 0) / 1000));
  const isHere = other.place === place;
  const who = isHere ? `process ${other.pid}` : `process ${other.pid} of another machine, seen ${seconds} s ago`;
  const cure = isHere ? "" : `, or remove ${other.path} if that run has ended`;
  const sentence =
    `${command}: another run writes to ${folder} (${who}); ` + `wait for its end or give another --out${cure}`;
  return new FcnError("bad-option", sentence, { cause: Object.assign(new Error(sentence), { code: "EBUSY" }) });
}

/** Waits while the file of another machine's run is not touched. True once it counts as dead, false when it lives. */
async function fallsSilent(writer: Writer): Promise<boolean> {
  const before = await lastTouch(writer);
  for (;;) {
    const now = await lastTouch(writer);
    if (now === undefined || Date.now() - now >= DEAD_AFTER_MS) return true;
    if (now !== before) return false;
    await new Promise((resolve) => setTimeout(resolve, BEAT_MS / 5));
  }
}

const pause = (): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, MIN_PAUSE_MS + Math.random() * (MAX_PAUSE_MS - MIN_PAUSE_MS)));

/** Makes the file `path`, removes those of dead runs, and gives a run that lives beside it. */
async function otherThan(path: string, folder: string, place: string, command: string): Promise<Writer | undefined> {
  const made = open(nativePath(path), "wx").then((file) => file.close());
  await writing(path, made, command);
  let live: Writer | undefined;
  for (const other of await writing(folder, writersIn(folder), command)) {
    if (other.path === path) continue;
    if (await writing(other.path, isLive(other, place), command)) live = other;
    else await removing(other.path, command);
  }
  return live;
}

/** Undefined for one that is not there. */
function identityOfFolder(folder: string): string | undefined {
  const info = statSync(nativePath(folder), { throwIfNoEntry: false });
  return info && `${info.dev} ${info.ino}`;
}

export class WriterLock {
  readonly #beat = setInterval(() => void this.#touch(), BEAT_MS).unref();

  /** Which folder it is. Another one may get its name. */
  readonly #identity: string | undefined;

  private constructor(
    private readonly folder: string,
    private readonly path: string,
    private readonly command: string,
  ) {
    this.#identity = identityOfFolder(folder);
  }

  /**
   * Files of dead runs are removed. A patient one waits for a run of another machine that may be dead, as after the
   * loss of a node, until it has been silent long enough or is seen to live.
   * @throws bad-option when another run writes to the folder, which passes (EBUSY)
   */
  static async take(folder: string, command = "compare", { isPatient = false } = {}): Promise<WriterLock> {
    const place = placeOf();
    const path = join(folder, `.writer-${process.pid}-${startOf(process.pid)}-${place}-${randomUUID()}.lock`);
    removeAtExit(path);
    try {
      for (let attempt = 1; ; attempt++) {
        const live = await otherThan(path, folder, place, command);
        if (!live) return new WriterLock(folder, path, command);
        await removing(path, command);
        if (isPatient && live.place !== place && (await writing(live.path, fallsSilent(live), command))) continue;
        if (attempt >= TRIES) throw await refusal(command, folder, live, place);
        await pause();
      }
    } catch (error) {
      await removeBeforeExit(path);
      throw error;
    }
  }

  async #touch(): Promise<void> {
    const now = new Date();
    await utimes(nativePath(this.path), now, now).catch(() => undefined); // check() finds out
  }

  /** @throws bad-option when the folder is gone, or another run has taken this one for dead, as after hours of sleep */
  check(): void {
    if (!this.#isGone()) return;
    if (this.#identity !== identityOfFolder(this.folder))
      throw new FcnError(
        "bad-option",
        `${this.command}: the folder ${this.folder} was removed or renamed while this run wrote to it; run it again`,
      );
    throw new FcnError(
      "bad-option",
      `${this.command}: ${this.folder} was taken over by another run; ${KEPT_WORK[this.command] ?? ""} kept, and ` +
        "--resume continues",
    );
  }

  #isGone(): boolean {
    try {
      return statSync(nativePath(this.path), { throwIfNoEntry: false }) === undefined;
    } catch (error) {
      return isGone(error);
    }
  }

  async release(): Promise<void> {
    clearInterval(this.#beat);
    await removeBeforeExit(this.path);
  }
}
