/** The record of `fcn segment`: what a resume does again, exit codes, and what a merge finds. */
import { mkdir, mkdtemp, readFile, rm, unlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { LogMode } from "../src/cli/record-log.js";
import { SegmentLog } from "../src/cli/segment-log.js";
import type { SegmentHeader } from "../src/cli/segment-record.js";
import type { SegmentInput } from "../src/cli/segment-run.js";
import { surveyOf } from "../src/cli/segment-survey.js";
import { shardOf } from "../src/cli/shards.js";
import type { Shard } from "../src/cli/shards.js";
import { Watch } from "../src/cli/status-watch.js";
import { HEADER } from "./helpers/segment-runs.js";

let folder: string;
const made: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fcn-log-"));
  made.push(folder);
  for (const name of NAMES) await writeFile(at(`${name}.png`), name);
});
afterAll(() => Promise.all(made.map((path) => rm(path, { recursive: true, force: true }))));
const at = (...parts: string[]): string => join(folder, ...parts);

const NAMES = ["a", "b", "c", "d"];
const MTIME = 1_700_000_000;
const inputs = (): SegmentInput[] => NAMES.map((name) => ({ image: at(`${name}.png`), name, stdin: false }));

interface Opening {
  readonly shard?: Shard;
  readonly mode?: LogMode;
  readonly changes?: Partial<SegmentHeader>;
  readonly out?: string;
  readonly all?: readonly SegmentInput[];
}

async function withLog<T>(work: (log: SegmentLog) => Promise<T> | T, opening: Opening = {}): Promise<T> {
  const { shard, mode = "resume", changes = {}, out = "out", all = inputs() } = opening;
  const ofShard = shard ? { shard: `${shard.part}/${shard.parts}`, pictures: NAMES.length, list: "1".repeat(64) } : {};
  const log = await SegmentLog.open({
    out: at(out),
    shard,
    header: { ...HEADER, ...ofShard, ...changes },
    mode,
    adapter: "none",
    inputs: shardOf(all, shard),
    endings: [".labels.png"],
  });
  try {
    return await work(log);
  } finally {
    await log.close();
  }
}

/** Writes the result of a picture and its line. */
async function finish(log: SegmentLog, input: SegmentInput, out = "out"): Promise<void> {
  await utimes(input.image, MTIME, MTIME);
  const file = `${input.name}.labels.png`;
  await writeFile(at(out, file), "result");
  await log.addDone(input, {
    bytes: 1,
    mtime: MTIME * 1000,
    width: 1,
    height: 1,
    classes: [],
    files: [{ file, bytes: 6, sha256: "0".repeat(64) }],
  });
}
const fail = (log: SegmentLog, input: SegmentInput, passes: boolean): Promise<void> =>
  log.addFailed(input, { error: { code: "bad-image", message: "it is not a PNG" }, passes });

const left = async (log: SegmentLog): Promise<string> =>
  (await log.remaining()).inputs.map(({ name }) => name).join("");

describe("a resume", () => {
  it("skips what is done, and tries what failed after what was not tried", async () => {
    const [a, b, c] = inputs() as [SegmentInput, SegmentInput, SegmentInput];
    await withLog(async (log) => {
      expect([await left(log), log.exitCode]).toEqual(["abcd", 75]);
      await fail(log, a, false);
      await finish(log, b);
    });
    await withLog(async (log) => {
      expect(await left(log)).toBe("cda");
      await fail(log, a, true);
      await fail(log, c, false);
      expect(await left(log)).toBe("dca");
    });
  });

  it("does a picture again that changed, whose result is gone or cut, or whose name is another", async () => {
    await withLog(async (log) => {
      for (const input of inputs()) await finish(log, input);
      expect([await left(log), log.exitCode]).toEqual(["", 0]);
    });
    await writeFile(at("a.png"), "longer");
    await utimes(at("b.png"), MTIME + 1, MTIME + 1);
    await unlink(at("out/c.labels.png"));
    await writeFile(at("out/d.labels.png"), "res");
    await withLog(async (log) => expect(await log.remaining()).toMatchObject({ done: 0, changed: 4 }));
    const all = inputs().map((input) => ({ ...input, name: `x/${input.name}` }));
    await withLog(async (log) => expect(await left(log)).toBe("x/ax/bx/cx/d"), { all });
  });

  it("survives a line that was cut off, at any byte", async () => {
    await withLog(async (log) => {
      for (const input of inputs()) await finish(log, input);
    });
    const whole = await readFile(at("out/results.jsonl"));
    for (let bytes = whole.length - 1; bytes > whole.length - 320; bytes -= 29) {
      await writeFile(at("out/results.jsonl"), whole.subarray(0, bytes));
      const names = await withLog(left);
      expect(["d", "cd"]).toContain(names);
      await withLog(async (log) => {
        for (const input of inputs()) if (names.includes(input.name)) await finish(log, input);
        expect(await left(log)).toBe("");
      });
    }
  });

  it("is refused for other options, weights or classes, and replaced by fresh", async () => {
    await withLog(() => undefined, { mode: "new" });
    const open = (opening: Opening): Promise<void> => withLog(() => undefined, opening);
    await expect(open({ mode: "new" })).rejects.toThrow("has results already; --resume continues them");
    const changes = { weightsHash: "2".repeat(64), keptLabels: [3] };
    await expect(open({ changes })).rejects.toThrow(
      "was made with other contents of the weights and classes (--classes); resume with the same options",
    );
    await open({ changes, mode: "fresh" });
    await expect(open({ shard: { part: 1, parts: 2 } })).rejects.toThrow("has results of a run without shards");
  });

  it("gives 75 until a failure that may pass came three times, and 1 for others", async () => {
    const [a, b, c, d] = inputs() as [SegmentInput, SegmentInput, SegmentInput, SegmentInput];
    await withLog(async (log) => {
      for (const input of [a, b, c]) await finish(log, input);
      const codes: number[] = [];
      for (let i = 0; i < 3; i++) {
        await fail(log, d, true);
        codes.push(log.exitCode);
      }
      await finish(log, d);
      codes.push(log.exitCode);
      await fail(log, d, false);
      expect([...codes, log.exitCode]).toEqual([75, 75, 1, 0, 1]);
    });
  });
});

describe("shards", () => {
  const shard = (part: number, parts = 2): Shard => ({ part, parts });
  const run = (part: number, out = "out"): Promise<void> =>
    withLog(
      async (log) => {
        for (const input of (await log.remaining()).inputs) await finish(log, input, out);
      },
      { shard: shard(part), out },
    );

  it("refuse shards of another number or of other options in one folder", async () => {
    await run(1);
    const open = (opening: Opening): Promise<void> => withLog(() => undefined, opening);
    await expect(open({ shard: shard(1, 3) })).rejects.toThrow("has results of 2 shards, and this is one of 3 shards");
    await expect(open({ shard: shard(2), changes: { variant: "fcn16s" } })).rejects.toThrow("with other variant, so");
    await expect(open({})).rejects.toThrow("has results of 2 shards, and this is one of a run without shards");
  });

  it("are merged in the order of the list, and every gap has a name", async () => {
    await run(2);
    const half = await surveyOf([at("out")]);
    expect(half).toMatchObject({ pictures: 4, shards: 2, absent: [{ shard: "1/2", pictures: 2 }] });
    await withLog(
      async (log) => {
        const [first] = (await log.remaining()).inputs;
        if (first) await fail(log, first, false);
      },
      { shard: shard(1) },
    );
    const partly = await surveyOf([at("out")]);
    expect([partly.missing, partly.failed]).toEqual([
      [at("c.png")],
      [{ picture: at("a.png"), why: "it is not a PNG" }],
    ]);
    const { shards, all } = await new Watch([at("out")]).look();
    expect(shards.map(({ done, failed, missing }) => [done, failed, missing])).toEqual([
      [0, 1, 1],
      [2, 0, 0],
    ]);
    expect(all).toMatchObject({ done: 2, failed: 1, missing: 1, state: "stopped" });
    await run(1);
    const whole = await surveyOf([at("out")]);
    expect(whole.done.map(({ record }) => record.files[0]?.file.slice(0, 1)).join("")).toBe("abcd");
  });

  it("that were done twice are doubled, and results that are gone are lost", async () => {
    for (const part of [1, 2]) await run(part);
    await mkdir(at("other"));
    await run(2, "other");
    const both = await surveyOf([at("out"), at("other")]);
    expect(both.doubled.map(({ picture }) => picture)).toEqual([at("b.png"), at("d.png")]);
    await unlink(at("out/a.labels.png"));
    const { lost } = await surveyOf([at("out")]);
    expect(lost).toEqual([{ picture: at("a.png"), why: `its result ${at("out/a.labels.png")} is gone` }]);
    await expect(surveyOf([at("nowhere")])).rejects.toThrow("there are no results in");
  });

  it("watched while they grow count every line once", async () => {
    const watch = new Watch([at("out")]);
    await withLog(
      async (log) => {
        const counts: number[] = [];
        for (const input of (await log.remaining()).inputs) {
          await finish(log, input);
          const { shards } = await watch.look();
          counts.push(shards[0]?.done ?? NaN);
          expect(shards[0]?.state).toBe("runs");
        }
        expect(counts).toEqual([1, 2]);
      },
      { shard: shard(1) },
    );
    expect((await watch.look()).shards).toMatchObject([{ state: "done" }, { name: "1 other shard", missing: 2 }]);
  });
});
