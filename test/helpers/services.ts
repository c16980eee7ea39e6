/** Programs that run while a test does: they end with it, however it ends. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { findProgram } from "../../scripts/services.mjs";

/** Path of a program, or its name, so that starting it says what is missing. */
export const programPath = (name: string): string => findProgram(name) ?? name;

/** Signals a process that may have ended. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** A file of /proc; empty where the process has ended. */
function textOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
export const variablesOf = (pid: number): string[] => textOf(pid, "environ").split("\0");
export const parentOf = (pid: number): number => Number(/^PPid:\s+(\d+)/m.exec(textOf(pid, "status"))?.[1] ?? 0);
export const nameOf = (pid: number): string => textOf(pid, "comm");

/** Processes with this text among their arguments or in their environment. Give it a name that only the test knows. */
export function processesWith(text: string): number[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    const has = (file: string): boolean => textOf(pid, file).includes(text);
    return has("cmdline") || has("environ") ? [pid] : [];
  });
}

/** Services of one test. */
export class Services {
  readonly #children: ChildProcess[] = [];
  #log = "";

  constructor(
    private readonly folder: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {
    process.once("exit", this.#killAll);
  }

  /** Starts a program in the foreground. The kernel ends it when this process dies. */
  start(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const command = ["--pdeathsig", "KILL", programPath(program), ...args];
    const child = spawn("setpriv", command, {
      cwd: this.folder,
      env: { ...this.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const keep = (text: Buffer): void => {
      this.#log = (this.#log + text.toString()).slice(-20_000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => (this.#log += `${program}: ${error.message}\n`));
    this.#children.push(child);
    return child;
  }

  /** The last that the services said, for messages. */
  get log(): string {
    return this.#log;
  }

  readonly #killAll = (): void => {
    for (const child of this.#children) if (child.pid !== undefined) signal(child.pid, "SIGKILL");
    // What the services started themselves.
    for (const pid of processesWith(this.folder)) signal(pid, "SIGKILL");
  };

  stop(): void {
    process.off("exit", this.#killAll);
    this.#killAll();
  }
}

/** Asks until there is an answer. @throws after `seconds`, with what the services said last */
export async function waitFor<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  { seconds, services }: { readonly seconds: number; readonly services: Services },
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`${what} did not happen in ${seconds} s:\n${services.log}`);
    await sleep(20);
  }
}
