/**
 * node producer.mjs LIST OUT SHARDS [options of fcn segment]
 *
 * Adds a job for each shard of a list. A job's id follows from what it does, so adding it twice changes nothing. A job
 * that has failed, or of whose pictures some have failed, is tried again, as often as a new one.
 */
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { Queue } from "bullmq";
import { QUEUE, connection } from "./queue.mjs";

/** A worker that ends, or a device that is lost, is not a fault of the job. */
const ATTEMPTS = 20;
const PAUSE_MS = Number(process.env.FCN_PAUSE_MS ?? 10_000);

const [list = "", out = "", count = "", ...options] = process.argv.slice(2);
if (!/^[1-9]\d*$/.test(count)) {
  process.stderr.write("producer: node producer.mjs LIST OUT SHARDS [options of fcn segment]\n");
  process.exit(2);
}

/** @type {import("bullmq").Queue<import("./queue.mjs").ShardJob, import("./queue.mjs").ShardEnd>} */
const queue = new Queue(QUEUE, { connection });
let [added, retried] = [0, 0];
for (let part = 1; part <= Number(count); part++) {
  const data = { list: resolve(list), out: resolve(out), shard: `${part}/${count}`, options };
  const jobId = createHash("sha256").update(JSON.stringify(data)).digest("hex");
  const before = await queue.getJob(jobId);
  if (!before) {
    await queue.add("shard", data, { jobId, attempts: ATTEMPTS, backoff: { type: "fixed", delay: PAUSE_MS } });
    added++;
    continue;
  }
  const state = await before.getState();
  if (state === "failed" || (state === "completed" && before.returnvalue?.failed)) {
    await before.retry(state, { resetAttemptsMade: true, resetAttemptsStarted: true });
    retried++;
  }
}
process.stdout.write(`${added} jobs added, ${retried} tried again, ${Number(count) - added - retried} known\n`);
await queue.close();
