/** What is left of records whose opening failed half way, and of runs that were killed: no open file, no lock. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { decodeName, nativePath } from "../src/base/native-path.js";
import type { LogMode } from "../src/cli/record-log.js";
import { SegmentLog } from "../src/cli/segment-log.js";
import { WriterLock } from "../src/cli/writer-lock.js";
import { HEADER } from "./helpers/segment-runs.js";

let folder: string;
const made: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fcn-record-"));
  made.push(folder);
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => made.forEach((path) => rmSync(path, { recursive: true, force: true })));
const at = (...parts: string[]): string => join(folder, ...parts);

const openLog = (out = at("out"), mode: LogMode = "resume"): Promise<SegmentLog> =>
  SegmentLog.open({
    ...{ out, shard: undefined, header: HEADER, mode, adapter: "none" },
    ...{ inputs: [{ image: "a.png", name: "a", stdin: false }], endings: [".labels.png"] },
  });

/** Files below `folder` that this process has open. */
function openFiles(): string[] {
  const links = readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // the one that lists them
    }
  });
  return links.filter((path) => path.startsWith(folder));
}

/** What all file handles of node:fs/promises are made of. */
async function handles(): Promise<FileHandle> {
  const handle = await open(at("any"), "w");
  await handle.close();
  return Object.getPrototypeOf(handle) as FileHandle;
}

describe("a record whose opening fails", () => {
  const full = (): Error => Object.assign(new Error("no space"), { code: "ENOSPC" });

  it.each(["truncate", "appendFile"] as const)("leaves no file open when %s fails", async (method) => {
    vi.spyOn(await handles(), method).mockRejectedValueOnce(full());
    await expect(openLog()).rejects.toThrow("results.jsonl: no space is left on the device");
    expect(openFiles()).toEqual([]);
    await (await openLog()).close();
  });

  it("leaves no file open when the list of pictures cannot be written", async () => {
    mkdirSync(at("out/results.pictures.txt/in-the-way"), { recursive: true });
    await expect(openLog()).rejects.toThrow("cannot write");
    expect(openFiles()).toEqual([]);
    rmSync(at("out/results.pictures.txt"), { recursive: true });
    await (await openLog()).close();
  });
});

it("a record goes on to its end where its folder was removed", async () => {
  const log = await openLog();
  rmSync(at("out"), { recursive: true });
  await log.close();
  expect(existsSync(at("out"))).toBe(false);
});

it("a folder in the place of results.jsonl is no record to replace", async () => {
  mkdirSync(at("out/results.jsonl"), { recursive: true });
  await expect(openLog(at("out"), "fresh")).rejects.toThrow(/cannot write .*results\.jsonl: it is a folder \(/);
});

describe("unfinished files", () => {
  it("of a killed run are removed, whatever their names", async () => {
    for (const path of ["0", ".0123456789abcdef", "deep/er"]) {
      mkdirSync(at("out/.unfinished/deep"), { recursive: true });
      writeFileSync(at("out/.unfinished", path), "part");
    }
    const log = await openLog();
    expect(readdirSync(at("out/.unfinished"))).toEqual([]);
    await log.close();
    expect(existsSync(at("out/.unfinished"))).toBe(false);
  });

  it("go with their folder where its name is not UTF-8", async () => {
    const lock = { check: () => undefined, release: async () => undefined };
    vi.spyOn(WriterLock, "take").mockResolvedValueOnce(lock as unknown as WriterLock);
    const out = decodeName(Buffer.from(at("caf\xe9"), "latin1"));
    await (await openLog(out)).close();
    const names = readdirSync(nativePath(out)).map(String).sort();
    expect(names).toEqual(["results.jsonl", "results.pictures.txt"]);
    expect(readFileSync(nativePath(join(out, "results.jsonl")), "utf8")).toContain("fcn-segment 1");
  });
});
