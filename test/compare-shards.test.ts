/** Shards of `fcn compare`: a merge says what is missing, and a folder has one shard. Runs the build. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseRunHeader } from "../src/eval/parse-header.js";
import { fcn } from "./helpers/fcn.js";
import type { FcnEnd } from "./helpers/fcn.js";

const PICTURE = fileURLToPath(new URL("fixtures/val/15.png", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "fcn-compare-shards-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const at = (...names: string[]): string => join(root, ...names);

const shard = (out: string, ...args: string[]): Promise<FcnEnd> =>
  fcn("compare", at("in"), "--sizes", "none", "--out", at(out), ...args);
async function merge(...folders: string[]): Promise<[number | null, string]> {
  const { code, err } = await fcn("compare", "--merge", ...folders.map((name) => at(name)), "--out", at("all"));
  return [code, err.replaceAll(`${root}/`, "")];
}
const headerOf = (out: string): string => readFileSync(at(out, "results.jsonl"), "utf8").split("\n")[0] ?? "";

beforeAll(async () => {
  mkdirSync(at("in"));
  for (let i = 0; i < 5; i++) copyFileSync(PICTURE, at(`in/${i}.png`));
  for (const i of [1, 2, 3]) expect((await shard(`s${i}`, "--shard", `${i}/3`)).code).toBe(0);
});

describe("compare --merge", () => {
  it("of all shards is whole, in any order, and with one twice", async () => {
    expect(await merge("s3", "s1", "s2")).toEqual([0, ""]);
    expect(await merge("s3", "s1", "s2", "s1")).toEqual([0, ""]);
    expect(readFileSync(at("all/report.json"), "utf8")).not.toContain('"shard"');
  });

  it("says which shards are absent, and ends with exit code 1", async () => {
    const sentence = "fcn: compare: not whole: shard 2/3, which has 2 pictures, is absent\n";
    expect(await merge("s1", "s3")).toEqual([1, sentence]);
  });

  it("says which shard is not done", async () => {
    const lines = readFileSync(at("s1/results.jsonl"), "utf8").split("\n");
    mkdirSync(at("part"));
    writeFileSync(at("part/results.jsonl"), `${lines.slice(0, 2).join("\n")}\n`);
    const sentence = "fcn: compare: not whole: shard 1/3 has 2 pictures, of which 1 are in its results\n";
    expect(await merge("part", "s2", "s3")).toEqual([1, sentence]);
  });

  it("says which shard has another list", async () => {
    mkdirSync(at("other"));
    const results = readFileSync(at("s1/results.jsonl"), "utf8");
    writeFileSync(at("other/results.jsonl"), results.replace(/"list":"[0-9a-f]{4}/, '"list":"0000'));
    const [code, err] = await merge("s2", "other", "s3");
    expect([code, err]).toEqual([1, expect.stringContaining("other is a shard of another list than s2")]);
  });
});

describe("a folder of one shard", () => {
  it("is not continued as another one, nor as all", async () => {
    const other = await shard("s1", "--shard", "2/3", "--resume");
    expect([other.code, other.err]).toEqual([
      2,
      expect.stringContaining("results of shard 1/3, this run has shard 2/3"),
    ]);
    const whole = await shard("s1", "--resume");
    expect([whole.code, whole.err]).toEqual([2, expect.stringContaining("this run has all pictures; give each shard")]);
    expect((await shard("s1", "--shard", "1/3", "--resume")).code).toBe(0);
  });

  it("is not continued with another list", async () => {
    copyFileSync(PICTURE, at("in/5.png"));
    const { code, err } = await shard("s1", "--shard", "1/3", "--resume");
    expect([code, err]).toEqual([2, expect.stringContaining("a shard of 5 pictures, this run has one of 6")]);
  });
});

it("a header with a wrong shard is refused", () => {
  const header = JSON.parse(headerOf("s1")) as Record<string, unknown>;
  const parsed = (fields: object) => () => parseRunHeader(JSON.stringify({ ...header, ...fields }), "line 1");
  expect(parsed({})()).toMatchObject({ shard: "1/3", pictures: 5 });
  expect(parsed({ shard: "4/3" })).toThrow("shard is not a shard such as 3/7");
  expect(parsed({ list: "x" })).toThrow("list is not a SHA-256");
  expect(parsed({ list: undefined })).toThrow("the header has shard and pictures only");
});
