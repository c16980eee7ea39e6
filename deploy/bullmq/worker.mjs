/**
 * node worker.mjs
 *
 * Takes jobs from the queue and runs `fcn segment` for each. The program is a process of its own, so that this one's
 * event loop is free to renew the job's lock, whatever the GPU does. A job that is delivered twice does no harm:
 * results are written aside and renamed, and a record has one writer.
 */
import { spawn } from "node:child_process";
import { UnrecoverableError, Worker } from "bullmq";
import { QUEUE, connection } from "./queue.mjs";

/** Not npx: it ends at a signal, and what it has started does not hear of it. */
const [program = "", ...words] = (process.env.FCN ?? "node_modules/.bin/fcn-webgpu").split(" ");
/** A worker that is silent for this long has lost its job to another. */
const LOCK_MS = Number(process.env.FCN_LOCK_MS ?? 30_000);
/** "Some pictures failed, the others are done", and "another run may do more". */
const [SOME_FAILED, TRY_AGAIN] = [1, 75];
/** Shells report the end of a program by a signal with a code above this. */
const SIGNALLED = 128;

/** @type {import("node:child_process").ChildProcess | undefined} */
let child;

/** @param {import("./queue.mjs").ShardJob} job @returns {Promise<number | null>} the exit code; null for a signal */
function segment({ list, out, shard, options }) {
  const args = ["segment", "--list", list, "--out", out, "--shard", shard, "--resume", "--quiet", ...options];
  const own = spawn(program, [...words, ...args], { stdio: ["ignore", "ignore", "inherit"] });
  child = own;
  return new Promise((resolve, reject) => {
    own.once("error", reject);
    own.once("close", resolve);
  });
}

/** @type {import("bullmq").Worker<import("./queue.mjs").ShardJob, import("./queue.mjs").ShardEnd>} */
const worker = new Worker(
  QUEUE,
  async ({ data }) => {
    const code = await segment(data);
    if (code === 0 || code === SOME_FAILED) return { failed: code === SOME_FAILED };
    if (code === null || code === TRY_AGAIN || code > SIGNALLED)
      throw new Error(`shard ${data.shard} goes on in another run`);
    throw new UnrecoverableError(`shard ${data.shard} ended with ${code}`);
  },
  // Work that was lost is found after LOCK_MS, and however often it is lost it is tried again.
  { connection, lockDuration: LOCK_MS, stalledInterval: LOCK_MS, maxStalledCount: 1000 },
);
worker.on("error", (error) => process.stderr.write(`worker: ${error.message}\n`));
worker.on("failed", (job, error) => process.stderr.write(`worker: ${job?.data.shard ?? "a job"}: ${error.message}\n`));

/** The picture in hand is finished, the job goes back to the queue, and then this process ends. */
for (const signal of /** @type {const} */ (["SIGTERM", "SIGINT"])) {
  process.once(signal, async () => {
    child?.kill("SIGTERM");
    await worker.close();
    process.exit(0);
  });
}
process.stdout.write("worker: ready\n");
