/**
 * `fcn segment` in shards, killed at random moments and resumed: each output once, the same bytes as without shards.
 * FCN_SHARDED_PICTURES=5000 makes it as large as that, prints the memory of each run and holds it flat. Runs the build.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PROGRAM } from "./helpers/fcn.js";
import { writeTinyPictures } from "./helpers/tiny-pictures.js";

const asked = process.env.FCN_SHARDED_PICTURES;
const PICTURES = Number(asked ?? 35);
const SHARDS = asked === undefined ? 3 : 7;
/** Growth of the memory from the first half of a large run to its end. */
const MOST_GROWTH = 1.1;
const LINES_BEFORE_PICTURES = 2;

const root = mkdtempSync(join(tmpdir(), "fcn-shards-"));
const at = (...parts: string[]): string => join(root, ...parts);
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Running {
  readonly kill: (signal: "SIGKILL" | "SIGTERM") => void;
  readonly ended: Promise<{ readonly code: number | string | null; readonly out: string; readonly err: string }>;
  /** Kilobytes of memory, every tenth of a second. */
  readonly memory: number[];
}

function start(...args: string[]): Running {
  const child = spawn(process.execPath, [PROGRAM, ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const printed = { out: "", err: "" };
  const memory: number[] = [];
  child.stdout.on("data", (text: Buffer) => (printed.out += text.toString()));
  child.stderr.on("data", (text: Buffer) => (printed.err += text.toString()));
  const timer = setInterval(() => {
    const path = `/proc/${child.pid ?? 0}/status`;
    const resident = existsSync(path) ? /^VmRSS:\s+(\d+)/m.exec(readFileSync(path, "utf8"))?.[1] : undefined;
    if (resident !== undefined) memory.push(Number(resident));
  }, 100);
  const ended = new Promise<Awaited<Running["ended"]>>((resolve) =>
    child.once("close", (code, signal) => {
      clearInterval(timer);
      resolve({ code: code ?? signal, ...printed });
    }),
  );
  return { kill: (signal) => child.kill(signal), ended, memory };
}

const segment = (out: string, ...more: string[]): Running =>
  start("segment", "--list", "pictures.txt", "--resize", "none", "--quiet", "--out", out, ...more);

const linesIn = (path: string): number =>
  existsSync(path) ? readFileSync(path, "utf8").split("\n").length - 1 - LINES_BEFORE_PICTURES : 0;

/** Waits until the record has that many pictures. */
async function waitForPictures(record: string, count: number): Promise<void> {
  for (let i = 0; i < 6000 && linesIn(record) < count; i++) await sleep(5);
  expect(linesIn(record)).toBeGreaterThanOrEqual(count);
}

/** Label maps by name, as their bytes. */
function resultsIn(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true }).map(String).sort();
  const maps = names.filter((name) => name.endsWith(".labels.png"));
  return new Map(maps.map((name) => [name, readFileSync(join(folder, name), "base64")]));
}

/** Files that a killed run was writing. */
const unfinishedIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => /(^|\/)\.[^/]+$/.test(name) && statSync(join(folder, name)).isFile());

/** Prints the memory of a large run, and holds it flat. */
function reportMemory(name: string, memory: readonly number[]): void {
  if (asked === undefined) return;
  const half = memory.slice(Math.floor(memory.length / 4), Math.floor(memory.length / 2));
  const end = memory.slice(-Math.ceil(memory.length / 4));
  const [before, after] = [Math.max(...half), Math.max(...end)];
  const megabytes = [before, after].map((kilobytes) => `${(kilobytes / 1024).toFixed(0)} MB`);
  process.stderr.write(`${name}: ${megabytes.join(" in the second quarter, ")} in the last\n`);
  if (memory.length > 100) expect(after / before).toBeLessThan(MOST_GROWTH);
}

beforeAll(async () => {
  writeTinyPictures(at("in"), PICTURES);
  const { code, out } = await start("list", "in/*/*.png").ended;
  expect([code, out.split("\n").length - 1]).toEqual([0, PICTURES]);
  writeFileSync(at("pictures.txt"), out);
});

describe("segment in shards", () => {
  it("killed and resumed ends in each output once, and in the bytes of a run without shards", async () => {
    const whole = segment("whole", "--resume");
    expect((await whole.ended).code).toBe(0);
    reportMemory("without shards", whole.memory);
    for (let part = 1; part <= SHARDS; part++) {
      const shard = ["--shard", `${part}/${SHARDS}`, "--resume"];
      if (part <= 2) {
        const own = Math.ceil((PICTURES - part + 1) / SHARDS);
        const killed = segment("parts", ...shard);
        await waitForPictures(at(`parts/shards/${part}-of-${SHARDS}/results.jsonl`), Math.floor(Math.random() * own));
        await sleep(Math.random() * 50);
        killed.kill("SIGKILL");
        await killed.ended;
      }
      const run = segment("parts", ...shard);
      expect((await run.ended).code).toBe(0);
      reportMemory(`shard ${part}`, run.memory);
      if (part === 1) expect((await start("segment", "--merge", "parts").ended).code).toBe(1);
    }
    const merged = await start("segment", "--merge", "parts").ended;
    expect(merged).toMatchObject({ code: 0, out: expect.stringContaining(`whole: ${PICTURES} pictures`) as string });
    expect((await start("segment", "--merge", "whole").ended).code).toBe(0);
    expect(readFileSync(at("parts/merged.jsonl"))).toEqual(readFileSync(at("whole/merged.jsonl")));
    const results = resultsIn(at("parts"));
    expect(results.size).toBe(PICTURES);
    expect(results).toEqual(resultsIn(at("whole")));
    expect(unfinishedIn(at("parts"))).toEqual([]);
  });

  it("ends after the picture in hand on SIGTERM, with the code of try again", async () => {
    const run = segment("ended", "--fresh");
    await waitForPictures(at("ended/results.jsonl"), 3);
    run.kill("SIGTERM");
    const { code, err } = await run.ended;
    expect(code).toBe(75);
    expect(err).toContain("fcn segment: stopping after the picture");
    const { out } = await start("status", "ended", "--json").ended;
    const { all } = JSON.parse(out) as { all: { done: number; missing: number; state: string } };
    expect([all.done, all.done + all.missing, all.state]).toEqual([
      linesIn(at("ended/results.jsonl")),
      PICTURES,
      "stopped",
    ]);
    expect(all.missing).toBeGreaterThan(0);
  });
});
