/** deploy/slurm under a real Slurm with two nodes, one of which is killed in the middle of a shard. Runs the build. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { missingServices } from "../scripts/services.mjs";
import { PROGRAM } from "./helpers/fcn.js";
import { expectMergedAsOneRun } from "./helpers/merged.js";
import { ShardRecords } from "./helpers/shard-records.js";
import { Cluster } from "./helpers/slurm.js";
import type { Task } from "./helpers/slurm.js";
import { writeTinyPictures } from "./helpers/tiny-pictures.js";

const SCRIPT = fileURLToPath(new URL("../deploy/slurm/segment.sbatch", import.meta.url));
const PICTURES = 120;
const SHARDS = 3;

const root = mkdtempSync(join(tmpdir(), "fcn-slurm-"));
const at = (...parts: string[]): string => join(root, ...parts);
const records = new ShardRecords(at("out"), SHARDS);
let cluster: Cluster | undefined;

beforeAll(() => {
  const names = writeTinyPictures(at("in"), PICTURES);
  writeFileSync(at("pictures.txt"), names.map((name) => `${at("in", name)}\n`).join(""));
});
afterAll(() => {
  cluster?.stop();
  rmSync(root, { recursive: true, force: true });
});

/** A shard that could be stopped in its middle, so that its node can be killed there. It asks files, which is fast. */
const frozen = (): number | undefined =>
  Array.from({ length: SHARDS }, (_, i) => i + 1).find((id) => records.freeze(id, PICTURES / SHARDS) !== undefined);

it("a node that dies loses nothing: its shard goes on at the other, and the merge is that of one run", async () => {
  const missing = missingServices(["munge", "slurm-wlm"]);
  if (missing !== undefined) throw new Error(missing);
  if (process.getuid?.() !== 0) throw new Error("This test starts the daemons of Slurm; run it as root");
  cluster = await Cluster.start(root);
  const { run, wait } = { run: cluster.run.bind(cluster), wait: cluster.wait.bind(cluster) };
  const environment = `ALL,FCN=${process.execPath} ${PROGRAM}`;
  const options = [`--array=1-${SHARDS}%2`, `--export=${environment}`, "--chdir", root];
  await run("sbatch", ...options, SCRIPT, at("pictures.txt"), at("out"), "--resize", "none");
  const tasks = async (): Promise<Task[]> => (cluster ? cluster.tasks() : []);

  const killed = await wait("a shard in its middle", 180, frozen);
  const before = records.pictures(killed);
  const node = (await tasks()).find(({ id }) => id === killed)?.node;
  if (node === undefined) throw new Error(`Slurm knows no task ${killed}`);
  cluster.killNode(node);
  await wait("the requeue of its task", 180, async () =>
    (await tasks()).find(({ id, restarts }) => id === killed && restarts === 1),
  );
  await wait("the end of all tasks", 180, async () => ((await tasks()).length === 0 ? true : undefined));

  expect([before < PICTURES / SHARDS, records.pictures(killed)]).toEqual([true, PICTURES / SHARDS]);
  expect(records.starts(killed)).toBe(2);
  await expectMergedAsOneRun(root, PICTURES);
});
