/** deploy/bullmq with a real Redis and a program of which only the exit codes are real: which jobs come again. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Queue } from "bullmq";
import type { Job } from "bullmq";
import { afterAll, expect, it } from "vitest";
import { missingServices } from "../scripts/services.mjs";
import { freePort } from "./helpers/free-port.js";
import { runProgram } from "./helpers/run-program.js";
import { Services, waitFor } from "./helpers/services.js";

const DEPLOY = fileURLToPath(new URL("../deploy/bullmq/", import.meta.url));

/** With what the program ends, one run of a shard after the other; then with 0. */
const CODES = { "1/3": [129, 130, 137, 143, 75], "2/3": [1], "3/3": [2, 143] };
const PROGRAM = `import { readFileSync, writeFileSync } from "node:fs";
  const codes = JSON.parse(readFileSync("codes.json", "utf8"));
  const code = codes[process.argv[process.argv.indexOf("--shard") + 1]].shift() ?? 0;
  writeFileSync("codes.json", JSON.stringify(codes));
  process.exit(code);`;

const root = mkdtempSync(join(tmpdir(), "fcn-tries-"));
let services: Services | undefined;
let queue: Queue | undefined;
afterAll(async () => {
  await queue?.close();
  services?.stop();
  rmSync(root, { recursive: true, force: true });
});

interface ShardOfJob {
  readonly shard: string;
}

it("a job that a signal ended is tried again, and added again one that failed, as often as a new one", async () => {
  const missing = missingServices(["redis-server"]);
  if (missing !== undefined) throw new Error(missing);
  writeFileSync(join(root, "codes.json"), JSON.stringify(CODES));
  writeFileSync(join(root, "program.mjs"), PROGRAM);
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const env = { ...process.env, REDIS_URL: url, FCN: `${process.execPath} program.mjs`, FCN_PAUSE_MS: "10" };
  const own = new Services(root, { ...env, FCN_TEST_FOLDER: root });
  services = own;
  own.start("redis-server", ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--dir", root]);
  const jobs = new Queue<ShardOfJob>("fcn-segment", { connection: { url } });
  queue = jobs;
  const produce = async (): Promise<string> =>
    (
      await runProgram(process.execPath, [join(DEPLOY, "producer.mjs"), "list", "out", "3"], {
        cwd: root,
        env,
        timeoutMs: 60_000,
      })
    ).out;
  /** What became of the shards, and after how many tries, once all are at their end. */
  const ends = async () => {
    await waitFor(
      "the end of all jobs",
      async () => ((await jobs.getJobCountByTypes("completed", "failed")) === 3 ? true : undefined),
      { seconds: 60, services: own },
    );
    const all = (await jobs.getJobs(["completed", "failed"])) as Job<ShardOfJob>[];
    const end = ({ data, returnvalue, attemptsMade, failedReason }: Job<ShardOfJob>) =>
      [data.shard, (returnvalue as unknown) ?? failedReason, attemptsMade] as const;
    return all.map(end).sort(([a], [b]) => a.localeCompare(b));
  };

  expect(await produce()).toBe("3 jobs added, 0 tried again, 0 known\n");
  own.start(process.execPath, [join(DEPLOY, "worker.mjs")]);
  expect(await ends()).toEqual([
    ["1/3", { failed: false }, 6],
    ["2/3", { failed: true }, 1],
    ["3/3", "shard 3/3 ended with 2", 1],
  ]);
  expect(await produce()).toBe("0 jobs added, 2 tried again, 1 known\n");
  expect(await ends()).toEqual([
    ["1/3", { failed: false }, 6],
    ["2/3", { failed: false }, 1],
    ["3/3", { failed: false }, 2],
  ]);
  expect(await produce()).toBe("0 jobs added, 0 tried again, 3 known\n");
}, 200_000);
