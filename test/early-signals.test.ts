/** SIGTERM while a run with a record has no picture in hand: it ends at once, to be tried again. Runs the build. */
import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, watch, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, it } from "vitest";
import { PROGRAM } from "./helpers/fcn.js";
import { writeTinyPictures } from "./helpers/tiny-pictures.js";

const root = mkdtempSync(join(tmpdir(), "fcn-signals-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const at = (...parts: string[]): string => join(root, ...parts);

function start(...args: string[]) {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: root,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let err = "";
  const said = new Promise<void>((resolve) => {
    child.stderr.on("data", (text: Buffer) => {
      err += text.toString();
      resolve();
    });
  });
  const ended = new Promise<{ code: number | string | null; err: string }>((resolve) =>
    child.once("close", (code, signal) => resolve({ code: code ?? signal, err })),
  );
  return { child, said, ended };
}

/** Resolves once the process has made its lock in the folder. */
function announced(folder: string, { pid = 0 }: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(folder, (_, name) => {
      if (!name?.startsWith(`.writer-${pid}-`)) return;
      watcher.close();
      resolve();
    });
  });
}

const NO_PICTURE = "fcn segment: ended by SIGTERM with no picture in hand; another run goes on\n";

it.each([
  ["segment", ["--list", "list", "--out", "listed", "--shard", "1/2"], NO_PICTURE],
  [
    "compare",
    ["--list", "list", "--out", "report"],
    "fcn compare: ended by SIGTERM with no picture in hand; another run goes on with --resume\n",
  ],
  [
    "train",
    ["missing.png", "--class-names", "list", "--out", "trained"],
    "fcn train: ended by SIGTERM with no step in hand; another run begins anew, or goes on with --resume\n",
  ],
])("while fcn %s reads a list", async (command, options, sentence) => {
  rmSync(at("list"), { force: true });
  await promisify(execFile)("mkfifo", [at("list")]);
  const { child, said, ended } = start(command, ...options);
  const list = await open(at("list"), "w"); // there is a reader now
  child.kill("SIGTERM");
  await said;
  await list.close(); // Node does not end during a read
  expect(await ended).toEqual({ code: 75, err: expect.stringContaining(sentence) as string });
});

it("while the record waits for a run of another machine that may be dead", async () => {
  const [name = ""] = writeTinyPictures(at("in"), 1);
  mkdirSync(at("locked"));
  const lock = ".writer-1-5-0123456789ab-01234567-89ab-cdef-0123-456789abcdef.lock";
  writeFileSync(at("locked", lock), "");
  const { child, ended } = start("segment", at("in", name), "--resize", "none", "--out", "locked", "--resume");
  await announced(at("locked"), child);
  child.kill("SIGTERM");
  expect(await ended).toEqual({ code: 75, err: expect.stringContaining(NO_PICTURE) as string });
  expect(readdirSync(at("locked"))).toEqual([lock]);
});
