/** results.jsonl and the kept pictures: cut at any byte, repeated, spelled in other ways, very long. */
import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { distinctItems, remainingItems } from "../src/cli/compare-items.js";
import { KEPT_COUNT, Keeper, listKept, parseMeta } from "../src/cli/compare-kept.js";
import { WriterLock } from "../src/cli/writer-lock.js";
import { ResultLog } from "../src/cli/compare-log.js";
import { mergeLogs } from "../src/cli/compare-merge.js";
import { reportHtml } from "../src/eval/report-html.js";
import { reportJson } from "../src/eval/report-json.js";
import { summarise } from "../src/eval/summary.js";
import { HEADER, costRecord, failureRecord, linesOf, pictureRecord } from "./helpers/records.js";
import { stripedPicture } from "./helpers/small-networks.js";

let root: string;
let out: string;
let count = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "fcn-results-"));
});
beforeEach(async () => {
  count++;
  out = join(root, String(count));
  await mkdir(out);
});
afterAll(() => rm(root, { recursive: true, force: true }));

const results = (): string => join(out, "results.jsonl");

/** Opens the log of `out` as the only writer, and closes it after the work. */
async function withLog<T>(mode: "new" | "resume" | "fresh", work: (log: ResultLog) => Promise<T> | T): Promise<T> {
  const lock = await WriterLock.take(out);
  try {
    const log = await ResultLog.open(out, HEADER, mode, lock);
    try {
      return await work(log);
    } finally {
      await log.close();
    }
  } finally {
    await lock.release();
  }
}

const itemsOf = (...paths: string[]) => paths.map((path) => ({ key: path, picture: path }));

describe("results that were cut off", () => {
  it("at any byte end in the same totals after a resume", async () => {
    const records = [pictureRecord("a.png", 1), failureRecord("b.png"), pictureRecord("c.png", 2)];
    const whole = Buffer.from(linesOf(HEADER, ...records));
    const totals = JSON.stringify(reportJson(summarise(HEADER, records)));
    for (let bytes = 0; bytes <= whole.length; bytes++) {
      // Near the ends of lines every byte, elsewhere some.
      const isNearEnd = whole.subarray(Math.max(0, bytes - 3), bytes + 3).includes("\n");
      if (!isNearEnd && bytes % 31 !== 0) continue;
      await writeFile(results(), whole.subarray(0, bytes));
      const resumed = await withLog("resume", async (log) => {
        const known = new Set(log.records.map((record) => ("picture" in record ? record.picture : "")));
        for (const record of records) if (!known.has(record.picture)) await log.append(record);
        return log.records;
      });
      expect(JSON.stringify(reportJson(summarise(HEADER, resumed))), `cut at ${bytes}`).toBe(totals);
    }
  });

  it("keep what was finished: a kept picture without a whole meta.json comes again", async () => {
    const { picture, maps } = { picture: stripedPicture(24, 16), maps: { truth: new Uint8Array(24 * 16) } };
    const keeper = await Keeper.open(out, () => undefined);
    for (const name of ["a", "b", "c"]) await keeper.offer({ name, score: 0.5, picture, maps });
    const folders = await readdir(join(out, "kept"));
    const meta = join(out, "kept", folders[0] ?? "", "meta.json");
    const text = await readFile(meta, "utf8");
    for (const part of ["", text.slice(0, 9), text.slice(0, -1), "null", "[]", "7"]) {
      await writeFile(meta, part);
      expect(await listKept([out]), part).toHaveLength(2);
    }
    await Keeper.open(out, () => 0.5);
    expect(await readdir(join(out, "kept"))).toHaveLength(2);
  });

  it("keep pictures apart whose names differ in a byte that is not UTF-8", async () => {
    const keeper = await Keeper.open(out, () => undefined);
    for (const name of ["caf\udce8", "caf\udce9"])
      await keeper.offer({ name, score: 0.5, picture: stripedPicture(8, 8), maps: {} });
    expect((await listKept([out])).map((kept) => kept.picture).sort()).toEqual(["caf\udce8", "caf\udce9"]);
  });

  it("keep a full set of kept pictures when the next one is not finished", async () => {
    const picture = stripedPicture(8, 8);
    const keeper = await Keeper.open(out, () => undefined);
    for (let i = 0; i < KEPT_COUNT + 3; i++)
      await keeper.offer({ name: `${i}`, score: 1 - i / 100, picture, maps: {} });
    const names = (await listKept([out])).map((kept) => Number(kept.picture)).sort((a, b) => a - b);
    expect(names).toEqual(Array.from({ length: KEPT_COUNT }, (_, i) => i + 3));
    await expect(keeper.offer({ name: "x", score: 0, picture: { ...picture, width: 0 }, maps: {} })).rejects.toThrow();
    expect(await listKept([out])).toHaveLength(KEPT_COUNT);
  });
});

describe("failed pictures", () => {
  it("are tried again by --resume, and then count once", async () => {
    await writeFile(results(), linesOf(HEADER, failureRecord("a.png"), pictureRecord("b.png")));
    const items = itemsOf("a.png", "b.png");
    await withLog("resume", async (log) => {
      expect(remainingItems(items, log).map(({ key }) => key)).toEqual(["a.png"]);
      await log.append(failureRecord("a.png")); // the same again is not written
      expect((await readFile(results(), "utf8")).split("\n")).toHaveLength(4);
      await log.append(failureRecord("a.png", "another reason"));
      await log.append(pictureRecord("a.png"));
      expect(remainingItems(items, log)).toEqual([]);
    });
    const read = await mergeLogs([out]);
    const { pictures, failures } = summarise(HEADER, read.records);
    expect([pictures.map(({ picture }) => picture), failures]).toEqual([["a.png", "b.png"], []]);
  });
});

describe("a picture", () => {
  it("is one picture whatever its spelling, in a run, on a resume and in shards", async () => {
    const photos = join(out, "photos");
    await mkdir(photos);
    await writeFile(join(photos, "a.png"), "");
    await writeFile(join(photos, "b.png"), "");
    await symlink(photos, join(out, "linked"));
    const spellings = [
      join(photos, "a.png"),
      join(out, "linked/a.png"),
      relative(process.cwd(), join(photos, "a.png")),
    ];
    expect(distinctItems(itemsOf(...spellings, join(photos, "b.png")))).toHaveLength(2);
    const base = relative(out, process.cwd());
    for (const spelling of spellings) {
      await writeFile(results(), linesOf({ ...HEADER, base }, pictureRecord(spelling)));
      await withLog("resume", (log) => {
        for (const other of spellings) expect(remainingItems(itemsOf(other), log), `${spelling} ${other}`).toEqual([]);
        expect(remainingItems(itemsOf(join(photos, "b.png")), log)).toHaveLength(1);
      });
    }
    await writeFile(results(), linesOf({ ...HEADER, base }, ...spellings.map((name) => pictureRecord(name))));
    expect((await mergeLogs([out, out])).records).toHaveLength(1);
  });

  it("is named by its whole path when a run continues from another folder", async () => {
    await mkdir(join(out, "photos"));
    await writeFile(join(out, "photos/a.png"), "");
    await writeFile(join(out, "photos/b.png"), "");
    await writeFile(results(), linesOf({ ...HEADER, base: "." }, pictureRecord("photos/a.png")));
    const here = ["a.png", "b.png"].map((name) => relative(process.cwd(), join(out, "photos", name)));
    await withLog("resume", (log) => {
      expect(remainingItems(itemsOf(...here), log).map(({ key }) => key)).toEqual([join(out, "photos/b.png")]);
    });
  });

  it("with two different results is refused with the file and the cure", async () => {
    await writeFile(results(), linesOf(HEADER, pictureRecord("a.png", 1), pictureRecord("a.png", 2)));
    await expect(mergeLogs([out])).rejects.toMatchObject({
      code: "bad-option",
      message:
        `${results()} has a.png twice, with different results; they cannot be added up, ` + "run it again with --fresh",
    });
    const name = `\u001b[31m${"x".repeat(900)}`;
    await writeFile(results(), linesOf(HEADER, pictureRecord(name, 1), pictureRecord(name, 2)));
    await expect(mergeLogs([out])).rejects.toThrow(`has ?[31m${"x".repeat(195)} twice`);
    await writeFile(results(), linesOf(HEADER, pictureRecord("a.png"), pictureRecord("a.png")));
    expect((await mergeLogs([out])).records).toHaveLength(1);
  });
});

describe("sets of 130,000 pictures", () => {
  it("are read, added up and reported; so are as many failures and costs", async () => {
    const COUNT = 130_000;
    const header = { ...HEADER, classNames: ["a", "b", "c"] };
    const own = { confusion: [0, 3, 6, 1], boundary: [0, 2] };
    const one = {
      ...pictureRecord("NAME"),
      scores: Object.fromEntries(HEADER.variants.map((variant) => [variant, own])),
    };
    const line = JSON.stringify(one);
    await writeFile(results(), linesOf(header));
    for (let i = 0; i < COUNT; i += 1000) {
      const part = Array.from({ length: 1000 }, (_, k) => `${line.replace("NAME", `p${i + k}`)}\n`);
      await appendFile(results(), part.join(""));
    }
    const { records } = await mergeLogs([out]);
    const failures = Array.from({ length: COUNT }, (_, i) => failureRecord(`f${i}`, "no"));
    const costs = Array.from({ length: COUNT }, (_, i) => costRecord("fcn8s", i + 1));
    const summary = summarise(header, [...records, ...failures, ...costs]);
    expect(summary.pictures).toHaveLength(COUNT);
    expect(summary.variants[2]?.metrics?.truthPixels).toEqual([3 * COUNT, COUNT, 0]);
    const html = reportHtml(summary, []);
    expect(html).toContain(`The worst 1000 of ${COUNT}; results.jsonl has all.`);
    expect(html).toContain(`The first 1000 of ${COUNT}; results.jsonl has all.`);
  });
});

it("a meta.json of other fields is none", () => {
  const good = { picture: "a", width: 3, height: 2, maps: ["truth", "fcn8s"] };
  expect(parseMeta(JSON.stringify(good))).toEqual(good);
  const wrong = [
    { maps: ["../../secret"] },
    { maps: ["truth", "truth"] },
    { maps: ["picture"] },
    { maps: "truth" },
    { picture: 7 },
    { picture: "" },
    { width: 0 },
    { height: "2" },
  ];
  for (const change of wrong)
    expect(parseMeta(JSON.stringify({ ...good, ...change })), JSON.stringify(change)).toBe(undefined);
});
