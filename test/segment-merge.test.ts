/** `fcn segment --merge` refuses what is not whole, and what would write elsewhere. */
import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { SEGMENT_RECORDS } from "../src/cli/segment-record.js";
import { segment } from "../src/cli/segment.js";
import { surveyOf } from "../src/cli/segment-survey.js";
import { HEADER, doneLine, writeRun } from "./helpers/segment-runs.js";
import { runCommand } from "./helpers/commands.js";

let folder: string;
const made: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fcn-merge-"));
  made.push(folder);
});
afterAll(() => made.forEach((path) => rmSync(path, { recursive: true, force: true })));
const at = (...parts: string[]): string => join(folder, ...parts);

describe("a merge", () => {
  it("of two runs without shards is refused: their results may have one name", async () => {
    writeRun(at("o1"), ["x/a", "x/b"]);
    writeRun(at("o2"), ["y/a"]);
    await expect(surveyOf([at("o1"), at("o2")])).rejects.toThrow(
      `segment: ${at("o1")} and ${at("o2")} are runs without shards; names of results are unique within one run ` +
        "only; merge them one by one",
    );
    expect((await surveyOf([at("o1")])).done).toHaveLength(2);
  });

  it.each([
    [["a"], "of 4 pictures of 2 shards 3 are done, 1 not named by results.pictures.txt; nothing was merged"],
    [["a", "c", "a2"], "of 4 pictures of 2 shards 5 are done, 1 more named by results.pictures.txt than the"],
  ])("whose lists do not name as many pictures as the record counts is not whole: %j", async (list, sentence) => {
    writeRun(at("out"), ["a", "c", "a2"], { shard: { part: 1, parts: 2 }, list, total: 4 });
    writeRun(at("out"), ["b", "d"], { shard: { part: 2, parts: 2 }, total: 4 });
    const { code, err } = await runCommand(segment, "--merge", at("out"));
    expect([code, err]).toEqual([1, expect.stringContaining(sentence)]);
    expect(existsSync(at("out/merged.jsonl"))).toBe(false);
  });

  it.each(["../../x", "a/../../x", "..\\x", "/tmp/x"])(
    "writes nothing where a record from elsewhere says %j",
    async (file) => {
      for (const part of [1, 2]) writeRun(at(`o${part}`), [`${part}`], { shard: { part, parts: 2 }, total: 2 });
      writeFileSync(at("x"), "result");
      const files = [{ file, bytes: 6, sha256: "0".repeat(64) }];
      const record = at("o2/shards/2-of-2/results.jsonl");
      appendFileSync(record, `${doneLine("2", { files })}\n`);
      await expect(runCommand(segment, "--merge", at("o1"), at("o2"), "--out", at("a/b/all"))).rejects.toThrow(
        `${record} line 4: its file ${JSON.stringify(file)} is not below --out; fcn segment writes no such line`,
      );
      expect(existsSync(at("a"))).toBe(false);
    },
  );

  it.each(["results.jsonl", "a/merged.jsonl", "notes.txt"])("refuses a record that calls %j a result", async (file) => {
    writeRun(at("o1"), ["1"], {});
    const record = at("o1/results.jsonl");
    appendFileSync(record, `${doneLine("2", { files: [{ file, bytes: 6, sha256: "0".repeat(64) }] })}\n`);
    await expect(runCommand(segment, "--merge", at("o1"), "--out", at("all"))).rejects.toThrow(
      `its file "${file}" is no result; fcn segment writes no such line`,
    );
    expect(existsSync(at("all"))).toBe(false);
  });
});

describe("a line of a picture that is done", () => {
  const parse = (changes: object): unknown =>
    SEGMENT_RECORDS.parseRecord(doneLine("a.png", changes), "results.jsonl line 3", HEADER);

  it.each([-86_400_000, -1, 0])("may say that its file is older than 1970: %d ms", (mtime) => {
    expect(parse({ mtime })).toMatchObject({ mtime });
  });

  it.each([0.5, 1e300, null, "1"])("has a whole number of milliseconds, not %j", (mtime) => {
    expect(() => parse({ mtime })).toThrow("its picture has no size and time");
  });

  it("may name a file with a backslash where that is a letter", () => {
    const files = [{ file: "x/a\\b..png.labels.png", bytes: 6, sha256: "0".repeat(64) }];
    if (sep === "\\") expect(() => parse({ files })).toThrow("is not below --out");
    else expect(parse({ files })).toMatchObject({ files });
  });
});
