/** The parts of a long run that need no GPU: shards, lists, records, exit codes, what is left to do. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { FcnError } from "../src/base/errors.js";
import { cannotWrite } from "../src/base/write-whole.js";
import { isDiskFull, isPassing } from "../src/cli/exit-codes.js";
import { listLine, readList } from "../src/cli/picture-list.js";
import { parseShard, shardOf, shardSize } from "../src/cli/shards.js";
import type { Shard } from "../src/cli/shards.js";
import { badImage } from "../src/image/picture.js";
import { BrokenOff } from "../src/weights/transfer.js";

let folder: string;
const made: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fcn-job-"));
  made.push(folder);
});
afterAll(() => Promise.all(made.map((path) => rm(path, { recursive: true, force: true }))));
const at = (...parts: string[]): string => join(folder, ...parts);

describe("--shard auto", () => {
  const slurm = (id: number, min: number, max: number, count: number, step?: number) => ({
    SLURM_ARRAY_TASK_ID: `${id}`,
    SLURM_ARRAY_TASK_MIN: `${min}`,
    SLURM_ARRAY_TASK_MAX: `${max}`,
    SLURM_ARRAY_TASK_COUNT: `${count}`,
    ...(step === undefined ? {} : { SLURM_ARRAY_TASK_STEP: `${step}` }),
  });
  const auto = (env: Readonly<Record<string, string>>, of?: string): Shard | undefined =>
    parseShard("segment", { shard: "auto", of }, env);

  it.each([
    [slurm(1, 1, 8, 8), undefined, { part: 1, parts: 8 }],
    [slurm(7, 0, 7, 8, 1), undefined, { part: 8, parts: 8 }],
    [slurm(30, 10, 40, 4, 10), undefined, { part: 3, parts: 4 }],
    [slurm(3, 3, 3, 1), undefined, { part: 1, parts: 1 }],
    [slurm(5, 3, 9, 3), "12", { part: 5, parts: 12 }],
    [{ JOB_COMPLETION_INDEX: "0" }, "4", { part: 1, parts: 4 }],
    [{ JOB_COMPLETION_INDEX: "3" }, "4", { part: 4, parts: 4 }],
  ])("of %j and --of %s is %j", (env, of, shard) => expect(auto(env, of)).toEqual(shard));

  it.each([
    [{}, undefined, "finds neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX"],
    [slurm(5, 3, 9, 3), undefined, "the Slurm array is no range (tasks 3 to 9 in steps of 1 are not 3)"],
    [slurm(0, 0, 3, 4), "4", "task is part 0, which is not in 1 to 4"],
    [{ JOB_COMPLETION_INDEX: "0" }, undefined, "does not tell a pod the number of completions"],
    [{ JOB_COMPLETION_INDEX: "4" }, "4", "task is part 5"],
    [{ JOB_COMPLETION_INDEX: "x" }, "4", "JOB_COMPLETION_INDEX is x, a whole number is needed"],
    [{ JOB_COMPLETION_INDEX: "0" }, "0", "--of 0 is not a number of shards"],
  ])("of %j and --of %s is refused", (env, of, sentence) => expect(() => auto(env, of)).toThrow(sentence));

  it("refuses --of without auto, and takes no shard for none", () => {
    expect(() => parseShard("segment", { shard: "1/2", of: "2" })).toThrow("with --shard i/n the n says it");
    expect(() => parseShard("segment", { of: "2" })).toThrow("--of says how many shards --shard auto has");
    expect(parseShard("segment", {})).toBeUndefined();
    for (const total of [0, 1, 6, 7, 23]) {
      const all = Array.from({ length: total }, (_, i) => i);
      for (const part of [1, 3, 7])
        expect(shardOf(all, { part, parts: 7 })).toHaveLength(shardSize(total, { part, parts: 7 }));
    }
  });
});

describe("a list", () => {
  it("keeps every name, also with newlines, tabs, backslashes and bytes that are not UTF-8", async () => {
    const odd = fc.constantFrom("\n", "\t", "\r", "\\", "\\n", "\udce9", "é", " ", "a", "#", "-");
    const names = fc.array(fc.array(odd, { minLength: 1 }), { minLength: 1 });
    let count = 0;
    await fc.assert(
      fc.asyncProperty(names, fc.boolean(), async (parts, hasSize) => {
        const pictures = parts.map((name) => ({ path: `x${name.join("")}y`, ...(hasSize ? { bytes: 7 } : {}) }));
        const path = at(`list-${count++}`);
        await writeFile(path, Buffer.concat(pictures.map(listLine)));
        expect(await readList("segment", path)).toEqual(pictures);
      }),
      { numRuns: 60 },
    );
    await writeFile(at("escaped"), Buffer.concat(["\\a", "\\\\b"].map((path) => listLine({ path }))));
    expect(await readList("segment", at("escaped"))).toEqual([{ path: "\\a" }, { path: "\\\\b" }]);
  });

  it("of another program is read as it is, and other columns are refused by line", async () => {
    const sha256 = "0".repeat(64);
    await writeFile(at("found"), `./a b\\n.png\r\n\nb.png\t12\t${sha256}\nc.png\t${sha256}`);
    expect(await readList("segment", at("found"))).toEqual([
      { path: "./a b\\n.png" },
      { path: "b.png", bytes: 12, sha256 },
      { path: "c.png", sha256 },
    ]);
    await writeFile(at("wrong"), "a.png\nb.png\tlarge\n");
    await expect(readList("segment", at("wrong"))).rejects.toThrow("line 2: after a name and a tab come its size");
    await writeFile(at("empty"), "\n");
    await expect(readList("segment", at("empty"))).rejects.toThrow("names no picture; fcn list makes one");
    await expect(readList("segment", at("none"))).rejects.toThrow("cannot be read: there is no such file");
  });

  it("of any length is read a chunk at a time, and a file that is no list is refused by line", async () => {
    const pictures = Array.from({ length: 20_000 }, (_, i) => ({ path: `${"folder/".repeat(i % 9)}${i}.png` }));
    await writeFile(at("long"), Buffer.concat(pictures.map(listLine)));
    expect(await readList("segment", at("long"))).toEqual(pictures);
    const film = Buffer.alloc(2 ** 20, "x");
    await writeFile(at("film"), film);
    await expect(readList("segment", at("film"))).rejects.toThrow(
      `segment: ${at("film")} line 1: it has more than 131072 bytes; a list names one picture a line`,
    );
    await writeFile(at("zeros"), "a.png\nb.png\0c.png\n");
    await expect(readList("segment", at("zeros"))).rejects.toThrow(
      `segment: ${at("zeros")} line 2: it has a zero byte, which no name has; a list names one picture a line`,
    );
  });
});

describe("errors that pass by themselves", () => {
  const ofSystem = (code: string): Error => Object.assign(new Error(code), { code, syscall: "write" });
  const badPort = (): Error =>
    new BrokenOff("x", { cause: new TypeError("fetch failed", { cause: new Error("bad port") }) });
  it.each([
    ["a lost device", new FcnError("device-lost", "lost"), true],
    ["memory", new FcnError("out-of-memory", "full"), true],
    ["a full disk", cannotWrite("a", ofSystem("ENOSPC")), true],
    ["a file server that is away", badImage("a.png", "stale", ofSystem("ESTALE")), true],
    ["a download", new FcnError("bad-weights", "x", { cause: new BrokenOff("503") }), true],
    ["a port that fetch never asks", new FcnError("bad-weights", "x", { cause: badPort() }), false],
    ["a bad picture", badImage("a.png", "no PNG"), false],
    ["a missing file", badImage("a.png", "gone", ofSystem("ENOENT")), false],
    ["a read-only disk", cannotWrite("a", ofSystem("EROFS")), false],
    ["nothing", undefined, false],
  ])("%s", (_, error, passes) => expect(isPassing(error)).toBe(passes));

  it("name a full disk, and end where causes go in circles", () => {
    expect([isDiskFull(cannotWrite("a", ofSystem("EDQUOT"))), isDiskFull(ofSystem("EIO"))]).toEqual([true, false]);
    const error = new Error("a");
    error.cause = error;
    expect(isPassing(error)).toBe(false);
  });
});
