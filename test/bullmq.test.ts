/** deploy/bullmq with a real Redis and three workers, one of which is killed in the middle. Runs the build. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Queue } from "bullmq";
import { afterAll, beforeAll, expect, it } from "vitest";
import { missingServices } from "../scripts/services.mjs";
import { PROGRAM } from "./helpers/fcn.js";
import { freePort } from "./helpers/free-port.js";
import { expectMergedAsOneRun } from "./helpers/merged.js";
import { runProgram } from "./helpers/run-program.js";
import { Services, parentOf, signal, waitFor } from "./helpers/services.js";
import { ShardRecords } from "./helpers/shard-records.js";
import { writeTinyPictures } from "./helpers/tiny-pictures.js";

const DEPLOY = fileURLToPath(new URL("../deploy/bullmq/", import.meta.url));
const PICTURES = 60;
const SHARDS = 4;
const WORKERS = 3;
/** As short as is safe on a busy machine. */
const [LOCK_MS, PAUSE_MS] = [8000, 1000];

const root = mkdtempSync(join(tmpdir(), "fcn-bullmq-"));
const at = (...parts: string[]): string => join(root, ...parts);
let services: Services | undefined;
let queue: Queue | undefined;

beforeAll(() => {
  const names = writeTinyPictures(at("in"), PICTURES);
  writeFileSync(at("pictures.txt"), names.map((name) => `${at("in", name)}\n`).join(""));
});
afterAll(async () => {
  await queue?.close();
  services?.stop();
  rmSync(root, { recursive: true, force: true });
});

it("a worker that dies loses nothing: its job goes on at another, and the merge is that of one run", async () => {
  const missing = missingServices(["redis-server"]);
  if (missing !== undefined) throw new Error(missing);
  const port = await freePort();
  const env = {
    ...process.env,
    REDIS_URL: `redis://127.0.0.1:${port}`,
    FCN: `${process.execPath} ${PROGRAM}`,
    FCN_LOCK_MS: `${LOCK_MS}`,
    FCN_PAUSE_MS: `${PAUSE_MS}`,
    FCN_TEST_FOLDER: root, // by which the processes are found at the end
  };
  const own = new Services(root, env);
  services = own;
  own.start("redis-server", ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--dir", root]);
  const jobs = new Queue("fcn-segment", { connection: { url: env.REDIS_URL } });
  queue = jobs;
  const produce = () => {
    const args = [join(DEPLOY, "producer.mjs"), "pictures.txt", "out", `${SHARDS}`, "--resize", "none"];
    return runProgram(process.execPath, args, { cwd: root, env, timeoutMs: 200_000 });
  };
  expect((await produce()).out).toBe(`${SHARDS} jobs added, 0 tried again, 0 known\n`);
  for (let i = 0; i < WORKERS; i++) own.start(process.execPath, [join(DEPLOY, "worker.mjs")]);

  const records = new ShardRecords(at("out"), SHARDS);
  const limits = { seconds: 180, services: own };
  const pid = await waitFor("a shard in its middle", () => records.freeze(1, PICTURES / SHARDS), limits);
  for (const dead of [parentOf(pid), pid]) signal(dead, "SIGKILL");
  await waitFor(
    "the end of all jobs",
    async () => ((await jobs.getCompletedCount()) === SHARDS ? true : undefined),
    limits,
  );

  expect([records.pictures(1), records.starts(1)]).toEqual([PICTURES / SHARDS, 2]);
  const completed = await jobs.getCompleted();
  expect(completed.map(({ stalledCounter }) => stalledCounter).sort()).toEqual([0, 0, 0, 1]);
  expect((await produce()).out).toBe(`0 jobs added, 0 tried again, ${SHARDS} known\n`);
  await expectMergedAsOneRun(root, PICTURES);
});
