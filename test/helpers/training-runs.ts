/** Trainings of the built program: their files, and killing one at a step. */
import { spawn } from "node:child_process";
import { readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PROGRAM, jsonLines } from "./fcn.js";

/** The files that tell one training from another. */
const FILES = ["best.safetensors", "last.safetensors", "log.jsonl", "report.html", "report.json"];

/** The files of a training in a folder, with its states, as text. */
export function bytesOfTraining(folder: string): Record<string, string> {
  const states = readdirSync(folder).filter((name) => name.startsWith("state-"));
  return Object.fromEntries(
    [...FILES, ...states].map((name) => [name, readFileSync(join(folder, name)).toString("base64")]),
  );
}

interface LoggedScores {
  readonly meanIoU?: number;
  readonly pixelAccuracy?: number;
}

export interface LoggedLine extends LoggedScores {
  readonly variant: string;
  readonly epoch: number;
  readonly step?: number;
  readonly steps?: number;
  readonly meanLoss?: number;
  readonly agreementWithTeacher?: LoggedScores;
}

/** The lines of log.jsonl below its header. */
export const logOfTraining = (folder: string): LoggedLine[] =>
  jsonLines<LoggedLine>(readFileSync(join(folder, "log.jsonl"), "utf8")).slice(1);

/** Ends the program once its log has this many steps. Gives the steps in the log, and how the program ended. */
export async function killAfter(
  steps: number,
  args: readonly string[],
  signal: "SIGKILL" | "SIGINT" = "SIGKILL",
): Promise<[steps: number, end: number | string | null]> {
  const out = args[args.indexOf("--out") + 1] ?? "";
  rmSync(out, { recursive: true, force: true });
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: "ignore" });
  const ended = new Promise<number | string | null>((resolve) => {
    child.once("close", (code, by) => resolve(code ?? by));
  });
  const done = (): number => {
    try {
      return readFileSync(join(out, "log.jsonl"), "utf8").match(/"step":/g)?.length ?? 0;
    } catch {
      return -1;
    }
  };
  while (done() < steps && child.exitCode === null) await sleep(2);
  child.kill(signal);
  const end = await ended;
  return [done(), end];
}
