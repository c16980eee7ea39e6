/** What shards that an engine ran must come to. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { fcn } from "./fcn.js";

/** The pictures of `pictures.txt` in `root` are in `out` once each, and merge to the bytes of a run without shards. */
export async function expectMergedAsOneRun(root: string, pictures: number): Promise<void> {
  const at = (name: string): string => join(root, name);
  const merged = await fcn("segment", "--merge", at("out"));
  expect([merged.code, merged.out]).toEqual([0, expect.stringContaining(`whole: ${pictures} pictures`)]);
  const list = ["--list", at("pictures.txt"), "--resize", "none"];
  await fcn("segment", ...list, "--out", at("whole"), "--resume", "--quiet");
  await fcn("segment", "--merge", at("whole"));
  expect(readFileSync(at("out/merged.jsonl"))).toEqual(readFileSync(at("whole/merged.jsonl")));
}
