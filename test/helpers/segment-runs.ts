/** Records of `fcn segment` as a run leaves them, written without one. */
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PICTURES, recordFolder } from "../../src/cli/segment-folders.js";
import { segmentHeader } from "../../src/cli/segment-record.js";
import type { SegmentHeader } from "../../src/cli/segment-record.js";
import { RESULTS } from "../../src/cli/read-records.js";
import type { Shard } from "../../src/cli/shards.js";

export const HEADER: SegmentHeader = segmentHeader({
  version: "1",
  weights: "w",
  weightsHash: "0".repeat(64),
  variant: "fcn8s",
  network: "",
  precision: "f32",
  resize: "none",
  classNames: ["background"],
  endings: [".labels.png"],
});

/** When all was done, in milliseconds since 1970. */
export const AT = 1_700_000_000_000;

/** The line of a picture that is done; its result has the bytes "result". */
export const doneLine = (picture: string, changes: object = {}): string =>
  JSON.stringify({
    picture,
    ...{ bytes: 1, mtime: AT, width: 1, height: 1, classes: [] },
    files: [{ file: `${picture.split("/").at(-1)}.labels.png`, bytes: 6, sha256: "0".repeat(64) }],
    at: AT,
    ...changes,
  });

export interface WrittenRun {
  readonly shard?: Shard;
  /** What the record's list names. Default: `pictures`. */
  readonly list?: readonly string[];
  /** Pictures of all shards. */
  readonly total?: number;
}

/** Writes a run of these pictures, all of them done, into a folder of --out. Gives the path of its results.jsonl. */
export function writeRun(out: string, pictures: readonly string[], { shard, list, total }: WrittenRun = {}): string {
  const folder = recordFolder(out, shard);
  mkdirSync(folder, { recursive: true });
  const parts = shard
    ? { shard: `${shard.part}/${shard.parts}`, pictures: total ?? pictures.length, list: "1".repeat(64) }
    : {};
  const lines = [JSON.stringify({ ...HEADER, ...parts }), JSON.stringify({ started: AT, host: "h", adapter: "a" })];
  for (const picture of pictures) {
    lines.push(doneLine(picture));
    writeFileSync(join(out, `${picture.split("/").at(-1)}.labels.png`), "result");
  }
  writeFileSync(join(folder, PICTURES), (list ?? pictures).map((picture) => `${picture}\n`).join(""));
  const path = join(folder, RESULTS);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
  utimesSync(path, AT / 1000, AT / 1000);
  return path;
}
