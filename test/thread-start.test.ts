/** Threads that die before they take a task: every task fails, and says so. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, it } from "vitest";
import { ThreadPool, ThreadStartError } from "../src/cli/threads/pool.js";

const folder = mkdtempSync(join(tmpdir(), "fcn-thread-start-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  [
    "process.exit(4)",
    "no thread can start (a thread ended with code 4 during its task); --threads 0 works without threads",
  ],
  [
    "throw new Error('no package')",
    "no thread can start (a thread died during its task: no package); --threads 0 works without threads",
  ],
])("fails every task where no thread can start: %s", async (text, message) => {
  const broken = join(folder, "broken.mjs");
  writeFileSync(broken, text);
  const pool = new ThreadPool<string, string>(pathToFileURL(broken), 1);
  const ends = await Promise.allSettled([pool.run("go"), pool.run("go")]);
  for (const end of ends) {
    expect(end).toMatchObject({ status: "rejected", reason: { code: "bad-option", message } });
    expect((end as PromiseRejectedResult).reason).toBeInstanceOf(ThreadStartError);
  }
  await pool.close();
});
