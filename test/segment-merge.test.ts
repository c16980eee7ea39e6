/** `fcn segment --merge` refuses what is not whole, and what would write elsewhere. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { segment } from "../src/cli/segment.js";
import { surveyOf } from "../src/cli/segment-survey.js";
import { writeRun } from "./helpers/segment-runs.js";
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
      `segment: ${at("o1")} and ${at("o2")} are runs without shards; names of results are unique within one run only; ` +
        "merge them one by one",
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
});
