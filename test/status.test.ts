/** `fcn status` while runs begin, are killed, resumed and begun anew. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { status } from "../src/cli/status.js";
import { Watch, isAtEnd } from "../src/cli/status-watch.js";
import { runCommand } from "./helpers/commands.js";
import { AT, HEADER, doneLine } from "./helpers/segment-runs.js";

/** What happens while the command sleeps, one step each time. */
const steps: (() => void)[] = [];
vi.mock("node:timers/promises", () => ({
  setTimeout: async () => {
    const step = steps.shift();
    if (!step) throw new Error("it sleeps once more");
    step();
  },
}));

let folder: string;
const made: string[] = [];
beforeEach(() => {
  steps.length = 0;
  folder = mkdtempSync(join(tmpdir(), "fcn-status-"));
  made.push(folder);
});
afterAll(() => made.forEach((path) => rmSync(path, { recursive: true, force: true })));
const at = (...parts: string[]): string => join(folder, ...parts);

const header = (fields: object = {}): object => ({ ...HEADER, ...fields });
const started = { started: AT, host: "h", adapter: "a" };
const done = (picture: string): object => JSON.parse(doneLine(picture)) as object;
const failed = (picture: string): object => ({
  ...{ picture, passes: false, at: AT },
  error: { code: "bad-image", message: "it is not a PNG" },
});

const textOf = (lines: readonly object[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join("");
const RECORD = "results.jsonl";
/** Writes a record and its list. */
function writeRun(out: string, lines: readonly object[], list: readonly string[]): void {
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, RECORD), textOf(lines));
  writeFileSync(join(out, "results.pictures.txt"), list.map((name) => `${name}\n`).join(""));
}
const append = (out: string, ...lines: object[]): void => appendFileSync(join(out, RECORD), textOf(lines));

async function counts(watch: Watch): Promise<number[]> {
  const { all } = await watch.look();
  return [all.done, all.failed, all.missing];
}

describe("a watch", () => {
  const LIST = ["/a", "/b", "/c", "/d"];

  it("goes on where a killed run left a part of a line, which the next run cuts away", async () => {
    writeRun(at("out"), [header(), started, done("/a")], LIST);
    const watch = new Watch([at("out")]);
    expect(await counts(watch)).toEqual([1, 0, 3]);
    const whole = textOf([header(), started, done("/a")]).length;
    for (const part of [1, 40, 90]) {
      appendFileSync(at("out", RECORD), textOf([done("/b")]).slice(0, part));
      expect(await counts(watch)).toEqual([1, 0, 3]);
      truncateSync(at("out", RECORD), whole);
      expect(await counts(watch)).toEqual([1, 0, 3]);
    }
    appendFileSync(at("out", RECORD), textOf([done("/b")]).slice(0, 20));
    expect(await counts(watch)).toEqual([1, 0, 3]);
    truncateSync(at("out", RECORD), whole);
    append(at("out"), started, failed("/c"), done("/d"));
    expect(await counts(watch)).toEqual([2, 1, 1]);
  });

  it("counts anew a record that --fresh has replaced by a longer one, and waits while there is none", async () => {
    writeRun(at("out"), [header(), started, done("/a"), done("/b")], LIST);
    const watch = new Watch([at("out")]);
    expect(await counts(watch)).toEqual([2, 0, 2]);
    rmSync(at("out", RECORD));
    expect((await watch.look(true)).all).toMatchObject({ done: 2, missing: 2 });
    writeRun(at("out"), [header(), started, started, started, done("/c"), failed("/b")], LIST);
    expect(await counts(watch)).toEqual([1, 1, 2]);
  });
});

describe("pictures are counted once", () => {
  it("whatever their name in each run, and only those of the list", async () => {
    const base = relative(at("out"), folder);
    const lines = [header({ base }), started, failed("x/a"), done("x/b"), started, done(at("x/a")), done("gone")];
    writeRun(at("out"), lines, [at("x/a"), at("x/b"), at("x/c")]);
    const watch = new Watch([at("out")]);
    expect(await counts(watch)).toEqual([2, 0, 1]);
    writeRun(at("out"), [...lines, done("x/c")], ["x/b", "x/c"]);
    expect(await counts(watch)).toEqual([2, 0, 0]);
  });

  it("of a run that was killed before it wrote its list, as the record says", async () => {
    writeRun(at("out"), [header(), started, done("/a")], []);
    rmSync(at("out/results.pictures.txt"));
    const look = await new Watch([at("out")]).look();
    expect(look.all).toMatchObject({ done: 1, missing: 0, state: "stopped" });
    expect(isAtEnd(look)).toBe(false);
  });
});

describe("fcn status --watch", () => {
  it("waits for the first record of each folder, says so once, and ends when all is done", async () => {
    steps.push(
      () => undefined,
      () => writeRun(at("one"), [header(), started], ["/a"]),
      () => append(at("one"), done("/a")),
      () => writeRun(at("two"), [header(), started, failed("/b")], ["/b"]),
    );
    const { code, out, err } = await runCommand(status, at("one"), at("two"), "--watch", "--json");
    expect([code, err]).toEqual([
      0,
      `fcn: status: there are no results in ${at("one")} and ${at("two")} yet; waits for a run of fcn segment\n`,
    ]);
    const looks = out.trimEnd().split("\n");
    expect(looks.map((line) => (JSON.parse(line) as { all: object }).all)).toMatchObject([
      { done: 0, failed: 0, missing: 1 },
      { done: 1, failed: 0, missing: 0 },
      { done: 1, failed: 1, missing: 0 },
    ]);
    expect(steps).toEqual([]);
  });

  it("is refused without --watch where there is no record", async () => {
    await expect(runCommand(status, at("one"))).rejects.toThrow(`status: there are no results in ${at("one")}`);
  });
});
