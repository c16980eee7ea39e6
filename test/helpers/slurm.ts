/** A small cluster: munged, slurmctld and two slurmd on this machine, as root, without systemd. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./free-port.js";
import { Services, nameOf, parentOf, processesWith, programPath, signal, variablesOf, waitFor } from "./services.js";

const NODES = ["w1", "w2"] as const;

/** As short as Slurm takes them: after these a dead node is noticed, and a requeued task may start. */
const [DEAD_AFTER_S, REQUEUE_HOLD_S] = [6, 6];

async function configText(folder: string): Promise<string> {
  const [controller = 0, ...nodePorts] = await Promise.all([freePort(), ...NODES.map(freePort)]);
  const nodes = NODES.map(
    (name, i) => `NodeName=${name} NodeHostname=${hostname()} NodeAddr=127.0.0.1 Port=${nodePorts[i] ?? 0} CPUs=1`,
  );
  return [
    "ClusterName=test",
    `SlurmctldHost=${hostname()}(127.0.0.1)`,
    `SlurmctldPort=${controller}`,
    "SlurmUser=root",
    "AuthType=auth/munge",
    "CredType=cred/munge",
    `AuthInfo=socket=${join(folder, "munge.socket")},cred_expire=${REQUEUE_HOLD_S}`,
    `StateSaveLocation=${join(folder, "state")}`,
    `SlurmdSpoolDir=${join(folder, "spool-%n")}`,
    `SlurmctldPidFile=${join(folder, "slurmctld.pid")}`,
    `SlurmdPidFile=${join(folder, "slurmd-%n.pid")}`,
    "ProctrackType=proctrack/linuxproc",
    "TaskPlugin=task/none",
    "SwitchType=switch/none",
    "MpiDefault=none",
    "SelectType=select/linear",
    "SchedulerType=sched/builtin",
    "SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0",
    "AccountingStorageType=accounting_storage/none",
    "JobCompType=jobcomp/none",
    "JobRequeue=1",
    "KillWait=2",
    `SlurmdTimeout=${DEAD_AFTER_S}`,
    "ReturnToService=2",
    ...nodes,
    `PartitionName=all Nodes=${NODES.join()} Default=YES MaxTime=INFINITE State=UP`,
    "",
  ].join("\n");
}

export interface Task {
  /** Of the array. */
  readonly id: number;
  readonly node: string;
  readonly state: string;
  readonly restarts: number;
}

export class Cluster {
  readonly #slurmd = new Map<string, number>();

  private constructor(
    readonly services: Services,
    private readonly folder: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  /** Starts everything and waits until both nodes are idle. */
  static async start(folder: string): Promise<Cluster> {
    for (const name of ["state", ...NODES.map((node) => `spool-${node}`)]) mkdirSync(join(folder, name));
    const config = join(folder, "slurm.conf");
    writeFileSync(config, await configText(folder));
    writeFileSync(join(folder, "munge.key"), randomBytes(128), { mode: 0o400 });
    const env = { ...process.env, SLURM_CONF: config };
    const services = new Services(folder, env);
    const cluster = new Cluster(services, folder, env);
    try {
      const file = (kind: string, name: string): string => `--${kind}=${join(folder, name)}`;
      const munge = ["--foreground", "--force", file("key-file", "munge.key"), file("socket", "munge.socket")];
      munge.push(file("pid-file", "munge.pid"), file("log-file", "munge.log"), file("seed-file", "munge.seed"));
      services.start("munged", munge);
      services.start("slurmctld", ["-D", "-f", config]);
      for (const node of NODES) {
        const { pid } = services.start("slurmd", ["-D", "-f", config, "-N", node]);
        if (pid !== undefined) cluster.#slurmd.set(node, pid);
      }
      await cluster.wait("two idle nodes", 180, async () => {
        const states = await cluster.run("sinfo", "-h", "-N", "-o", "%T").catch(() => "");
        return states.split("\n").filter((state) => state === "idle").length === NODES.length ? true : undefined;
      });
      return cluster;
    } catch (error) {
      cluster.stop();
      throw error;
    }
  }

  wait<T>(what: string, seconds: number, ask: () => Promise<T | undefined> | T | undefined): Promise<T> {
    return waitFor(what, ask, { seconds, services: this.services });
  }

  /** Runs one of Slurm's commands. Gives what it prints. */
  async run(program: string, ...args: readonly string[]): Promise<string> {
    const options = { cwd: this.folder, env: this.env, timeout: 20_000 };
    return (await promisify(execFile)(programPath(program), args, options)).stdout;
  }

  /** The tasks that are not at their end. */
  async tasks(): Promise<Task[]> {
    const lines = (await this.run("squeue", "-h", "-r", "-O", "ArrayTaskID,NodeList,State,RestartCnt")).split("\n");
    return lines.filter(Boolean).map((line) => {
      const words = line.trim().split(/\s+/);
      const [id = "", state = "", restarts = ""] = [words[0], words.at(-2), words.at(-1)];
      return { id: Number(id), node: words.length > 3 ? (words[1] ?? "") : "", state, restarts: Number(restarts) };
    });
  }

  /** Kills a node: its slurmd, the steps that it started, and what is below them. Those that would report go first. */
  killNode(node: string): void {
    const jobs = processesWith(this.folder).filter((pid) => variablesOf(pid).includes(`SLURMD_NODENAME=${node}`));
    const steps = jobs.map(parentOf).filter((pid) => nameOf(pid).startsWith("slurmstepd"));
    for (const pid of [this.#slurmd.get(node) ?? 0, ...steps, ...jobs]) if (pid > 0) signal(pid, "SIGKILL");
  }

  stop(): void {
    this.services.stop();
  }
}
