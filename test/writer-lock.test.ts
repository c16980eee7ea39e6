/** One writer to an --out folder; full disks and links are sentences. */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FcnError } from "../src/base/errors.js";
import { nativePath } from "../src/base/native-path.js";
import { writeWhole } from "../src/base/write-whole.js";
import { isPassing } from "../src/cli/exit-codes.js";
import { ownFolder, removeUnfinished, writing } from "../src/cli/output-disk.js";
import { WriterLock, hasWriter } from "../src/cli/writer-lock.js";

let folder: string;
const made: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fcn-lock-"));
  made.push(folder);
});
afterAll(() => Promise.all(made.map((path) => rm(path, { recursive: true, force: true }))));

const HERE = `process ${process.pid}`;

/** The name of a lock of this process, with its parts. */
async function lockParts(): Promise<[start: string, place: string]> {
  const lock = await WriterLock.take(folder);
  const [name = ""] = await readdir(folder);
  await lock.release();
  const [, , start = "", place = ""] = name.split("-");
  return [start, place];
}

const lockName = (pid: number, start: string, place: string): string =>
  `.writer-${pid}-${start}-${place}-01234567-89ab-cdef-0123-456789abcdef.lock`;

it("a second writer is refused with the first one's process, and admitted afterwards", async () => {
  const lock = await WriterLock.take(folder);
  await expect(WriterLock.take(folder)).rejects.toThrow(
    `compare: another run writes to ${folder} (${HERE}); wait for its end or give another --out`,
  );
  for (const command of ["compare", "segment", "train"]) {
    const refused: unknown = await WriterLock.take(folder, command).catch((error: unknown) => error);
    expect(isPassing(refused), command).toBe(true); // exit code 75
  }
  lock.check();
  await lock.release();
  expect(await readdir(folder)).toEqual([]);
  await (await WriterLock.take(folder)).release();
});

it("a lock that cannot be read is not taken for that of a dead run, and stays", async () => {
  const name = lockName(1, "0", "0123456789ab");
  await symlink(name, join(folder, name)); // to itself: reading it fails with ELOOP
  await expect(WriterLock.take(folder)).rejects.toMatchObject({
    code: "bad-option",
    message: expect.stringMatching(/^compare: cannot write .*\.lock: .*\(ELOOP\); .* --resume continues/) as string,
  });
  await expect(hasWriter(folder)).rejects.toMatchObject({ code: "ELOOP" });
  expect(await readdir(folder)).toEqual([name]);
});

it("of many that start together one at most writes at any time", async () => {
  let writers = 0;
  let most = 0;
  const attempt = async (): Promise<boolean> => {
    try {
      const lock = await WriterLock.take(folder);
      most = Math.max(most, ++writers);
      await new Promise((resolve) => setTimeout(resolve, 30));
      writers--;
      await lock.release();
      return true;
    } catch {
      return false;
    }
  };
  const admitted = await Promise.all(Array.from({ length: 12 }, attempt));
  expect(most).toBe(1);
  expect(admitted).toContain(true);
  expect(await readdir(folder)).toEqual([]);
});

it("the lock of a process that was killed is taken over, also when its number is used again", async () => {
  const [start, place] = await lockParts();
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  const { pid = 0 } = child;
  await writeFile(join(folder, lockName(pid, "0", place)), "");
  await expect(WriterLock.take(folder)).rejects.toThrow(`(process ${pid})`);
  const ended = new Promise((resolve) => child.on("exit", resolve));
  child.kill("SIGKILL");
  await ended;
  await (await WriterLock.take(folder)).release();
  if (start !== "0") await writeFile(join(folder, lockName(process.pid, "1", place)), "");
  await (await WriterLock.take(folder)).release();
  expect(await readdir(folder)).toEqual([]);
});

it("a writer of another machine counts while it touches its file", async () => {
  const path = join(folder, lockName(1, "5", "0123456789ab"));
  await writeFile(path, "");
  const sentence = new RegExp(
    String.raw`\(process 1 of another machine, seen \d+ s ago\); wait for its end or give another --out, ` +
      `or remove .* if that run has ended`,
  );
  await expect(WriterLock.take(folder)).rejects.toThrow(sentence);
  const before = new Date(Date.now() - 10 * 60_000);
  await utimes(path, before, before);
  await (await WriterLock.take(folder)).release();
});

it("a writer that was taken for dead stops before it writes", async () => {
  const lock = await WriterLock.take(folder);
  const [name = ""] = await readdir(folder);
  await rm(join(folder, name));
  expect(() => lock.check()).toThrow(
    `compare: ${folder} was taken over by another run; finished pictures are kept, and --resume continues`,
  );
  await lock.release();
});

it("a writer whose folder was removed, or made anew, says so", async () => {
  const sentence = `compare: the folder ${folder} was removed or renamed while this run wrote to it; run it again`;
  const lock = await WriterLock.take(folder);
  await rename(folder, `${folder}-before`);
  made.push(`${folder}-before`);
  expect(() => lock.check()).toThrow(sentence);
  await mkdir(folder);
  expect(() => lock.check()).toThrow(sentence);
  await lock.release();
});

/** The name under which a file is written before it is whole. */
async function temporaryNameOf(name: string): Promise<string> {
  const elsewhere = await mkdtemp(join(tmpdir(), "fcn-names-"));
  made.push(elsewhere);
  let temporary = "";
  async function* content(): AsyncGenerator<Uint8Array> {
    [temporary = ""] = await readdir(elsewhere);
    yield Buffer.from("x");
  }
  await writeWhole(join(elsewhere, name), content());
  return temporary;
}

it("a full disk is a sentence with the file and the cure", async () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  await expect(writing("out/results.jsonl", Promise.reject(full))).rejects.toMatchObject({
    code: "bad-option",
    message:
      "compare: cannot write out/results.jsonl: no space is left on the device (ENOSPC); " +
      "finished pictures are kept, and --resume continues after the cause is removed",
  });
  const report = new FcnError("bad-option", "out/report.html cannot be written: ...", { cause: full });
  await expect(writing("out/report.html", Promise.reject(report))).rejects.toThrow(
    "compare: cannot write out/report.html: no space is left on the device (ENOSPC); finished",
  );
  const bug = new TypeError("a bug");
  await expect(writing("x", Promise.reject(bug))).rejects.toBe(bug);
});

it("a folder that is a link is refused, and unfinished files are removed", async () => {
  await mkdir(join(folder, "elsewhere"));
  await symlink(join(folder, "elsewhere"), join(folder, "plots"));
  await expect(ownFolder(join(folder, "plots"))).rejects.toThrow(
    `compare: ${join(folder, "plots")} is a link or a file, a folder is needed; remove it`,
  );
  await ownFolder(join(folder, "kept"));
  await writeFile(join(folder, await temporaryNameOf("report.html")), "");
  await removeUnfinished(folder);
  expect((await readdir(folder)).sort()).toEqual(["elsewhere", "kept", "plots"]);
});

describe("a patient writer", () => {
  const asPatient = () => WriterLock.take(folder, "segment", { isPatient: true });
  const seconds = (count: number): Date => new Date(Date.now() - count * 1000);
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "Date"] }));
  afterEach(() => void vi.useRealTimers());

  /** Lets the clock run while the lock waits, without waiting for it. */
  async function passTime(work: Promise<unknown>, each: () => Promise<void> = async () => undefined): Promise<void> {
    let isEnded = false;
    const end = (): void => {
      isEnded = true;
    };
    work.then(end, end);
    while (!isEnded) {
      await new Promise((resolve) => setImmediate(resolve));
      if (!vi.getTimerCount()) continue;
      await each();
      await vi.advanceTimersByTimeAsync(2000);
    }
  }

  it("takes the lock of another machine once that has been silent for two minutes", async () => {
    const path = join(folder, lockName(1, "5", "0123456789ab"));
    await writeFile(path, "");
    await utimes(path, seconds(119), seconds(119));
    const began = Date.now();
    const lock = asPatient();
    await passTime(lock);
    expect(Date.now() - began, "of the fake clock").toBeGreaterThanOrEqual(1000);
    const names = await readdir(folder);
    expect([names.length, names[0]]).toEqual([1, expect.stringContaining(`.writer-${process.pid}-`)]);
    await (await lock).release();
  });

  it("is refused by one that is touched, for a cause that passes", async () => {
    const path = join(folder, lockName(1, "5", "0123456789ab"));
    await writeFile(path, "");
    await utimes(path, seconds(100), seconds(100));
    const lock = asPatient();
    await passTime(lock, () => utimes(path, seconds(0), seconds(0)));
    const error = await lock.catch((reason: unknown) => reason);
    expect([isPassing(error), (error as Error).message]).toEqual([
      true,
      expect.stringMatching(
        /^segment: another run writes to .* \(process 1 of another machine, seen \d+ s ago\); wait/,
      ),
    ]);
    expect(await readdir(folder)).toEqual([lockName(1, "5", "0123456789ab")]);
  });
});

it("a folder whose name is not UTF-8 has one writer too, and no unfinished files", async () => {
  const odd = join(folder, "caf\udce9");
  await ownFolder(odd);
  expect((await readdir(folder, { encoding: "buffer" })).map((name) => name.toString("latin1"))).toEqual(["caf\xe9"]);
  const lock = await WriterLock.take(odd);
  await writeFile(nativePath(join(odd, await temporaryNameOf("report.html"))), "");
  lock.check();
  expect(await hasWriter(odd)).toBe(true);
  await expect(WriterLock.take(odd)).rejects.toThrow(`(${HERE})`);
  await removeUnfinished(odd);
  expect(await readdir(nativePath(odd))).toHaveLength(1);
  await lock.release();
  expect([await readdir(nativePath(odd)), await hasWriter(odd)]).toEqual([[], false]);
});
