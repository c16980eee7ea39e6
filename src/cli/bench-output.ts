/** What `fcn bench` prints and writes: tables or JSON, ratios to an earlier result, the result's file and plots. */
import { closeSync, openSync } from "node:fs";
import { readFile, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { barChart } from "../../bench/bar-chart.js";
import { roofline } from "../../bench/roofline.js";
import { CSV_NAMES, csvFiles } from "../../bench/csv.js";
import { SCHEMA, changes, fromJson, isOfOneOrigin, merged, resultName, toJson } from "../../bench/result.js";
import type { BenchResult } from "../../bench/result.js";
import { changeText, kernelText, modelText } from "../../bench/tables.js";
import { badOption } from "../base/errors.js";
import { nativePath } from "../base/native-path.js";
import { writeWhole } from "../base/write-whole.js";
import { svgFile } from "../eval/svg.js";
import type { Device } from "../gpu/device.js";
import { readInput } from "../image/open-input.js";
import { whyUnreadable } from "../image/read-file.js";
import { UsageError, packageVersion } from "./command.js";
import { print, printError, printNote } from "./output.js";
import { removeAtExit, removeBeforeExit } from "./removed-at-exit.js";

/** A result without rows: the machine, the versions and today's date. */
export function emptyResult(device: Device): BenchResult {
  const { vendor, architecture, description, software, subgroupSize } = device.adapter;
  const webgpu = (createRequire(import.meta.url)("webgpu/package.json") as { version: string }).version;
  const cores = cpus();
  return {
    schema: SCHEMA,
    date: new Date().toISOString().slice(0, 10),
    adapter: { name: device.label, vendor, architecture, description, software, subgroupSize },
    cpu: `${cores[0]?.model.trim() ?? "unknown processor"}, ${cores.length} cores`,
    versions: { package: packageVersion(), webgpu, node: process.version },
  };
}

/** Bytes that are read as a result: one of all kernels and networks has 1 MB. */
const LONGEST_RESULT = 2 ** 26;

/** @throws UsageError when there is no such file, bad-option when it is not a result */
export async function readResult(path: string): Promise<BenchResult> {
  const bytes = await readInput(path, LONGEST_RESULT).catch((error: unknown) => {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const sentence = isMissing ? `there is no file ${path}` : `${path} cannot be read: ${whyUnreadable(error)}`;
    throw new UsageError(`bench: ${sentence}`, { cause: error });
  });
  if (bytes.length > LONGEST_RESULT)
    throw new UsageError(`bench: ${path} is larger than ${LONGEST_RESULT} bytes; name a result of fcn bench`);
  return fromJson(bytes.toString("utf8"), path);
}

const resultPath = (folder: string, result: BenchResult): string => join(folder, `${resultName(result)}.json`);

/** The result that is there under the name of this one. @throws bad-option when it is none, the error of node:fs */
async function earlierResult(path: string): Promise<BenchResult | undefined> {
  const text = await readFile(nativePath(path), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw badOption(`bench: ${path} cannot be read: ${whyUnreadable(error)}`);
  });
  return text === undefined ? undefined : fromJson(text, path);
}

/**
 * Looks at the file that --out will write, before hours of measuring, and says where its rows will not be kept.
 * @throws bad-option when it is there and is no result
 */
export async function checkEarlier(folder: string, result: BenchResult): Promise<void> {
  const path = resultPath(folder, result);
  const earlier = await earlierResult(path);
  if (earlier && !isOfOneOrigin(earlier, result))
    printNote(
      `fcn: WARNING: bench: ${path} is of another version, driver or processor, and will be replaced as a whole`,
    );
}

/** A save takes milliseconds. A lock that is older is of a run that was killed. */
const LOCKED_MS = 5000;
const LOOK_AGAIN_MS = 20;

/** Whether the lock is of another run. Otherwise it is ours now, or cannot be made. */
function isLocked(lock: string): boolean {
  try {
    closeSync(openSync(nativePath(lock), "wx"));
    removeAtExit(lock); // in the same turn: no signal comes between
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EEXIST";
  }
}

/** Runs `work` while no other run has the lock. Where no lock can be made, as on a full disk, it runs without. */
async function asOnlySaver(lock: string, work: () => Promise<void>): Promise<void> {
  while (isLocked(lock)) {
    // Its age counts, and not how long this run has waited: another one that waited as long may just have made it.
    const made = await stat(nativePath(lock)).catch(() => undefined);
    if (made !== undefined && Date.now() - made.mtimeMs > LOCKED_MS) await rm(nativePath(lock), { force: true });
    else await pause(LOOK_AGAIN_MS);
  }
  try {
    await work();
  } finally {
    await removeBeforeExit(lock);
  }
}

/** Writes ADAPTER-DATE.json and gives its path. Keeps the rows there that this run did not measure. */
export async function saveResult(folder: string, result: BenchResult): Promise<string> {
  const path = resultPath(folder, result);
  await asOnlySaver(`${path}.lock`, async () => {
    const earlier = await earlierResult(path);
    await writeWhole(path, toJson(earlier === undefined ? result : merged(earlier, result)));
  });
  return path;
}

export function printResult(result: BenchResult, asJson: boolean): void {
  if (asJson) {
    print(toJson(result).trimEnd());
    return;
  }
  if (result.kernels) {
    print(kernelText(result.kernels));
    print("\n* is the variant that networks take here: one for networks in f32, one for networks in f16.");
    print("Medians; quartiles of the rounds.");
  }
  if (result.models) print(modelText(result));
}

/** With --json the ratios go to stderr: stdout is the result's alone. */
export function printChanges(before: BenchResult, result: BenchResult, asJson: boolean): void {
  const write = asJson ? printError : print;
  write("");
  if (before.adapter.name !== result.adapter.name)
    write(`The earlier result is of another adapter: ${before.adapter.name}.`);
  write(changeText(changes(before, result)));
}

/**
 * Writes kernels.csv, models.csv and layers.csv, of what was measured. Other tables of an earlier run are removed: in a
 * folder of several, all are of one run.
 */
export async function saveCsv(folder: string, result: BenchResult): Promise<void> {
  const files = csvFiles(result);
  for (const name of CSV_NAMES) {
    const [path, text] = [join(folder, name), files.get(name)];
    if (text === undefined) await rm(nativePath(path), { force: true });
    else await writeWhole(path, text);
  }
  printNote(`CSV: ${[...files.keys()].map((name) => join(folder, name)).join(", ")}`);
}

/** Writes kernels.svg and roofline.svg. For a result without kernels those of an earlier run are removed. */
export async function savePlots(folder: string, { adapter, kernels, ceilings }: BenchResult): Promise<void> {
  const [bars, roof] = [join(folder, "kernels.svg"), join(folder, "roofline.svg")];
  if (!kernels || !ceilings) {
    for (const path of [bars, roof]) await rm(nativePath(path), { force: true });
    return;
  }
  await writeWhole(bars, svgFile(barChart(kernels, `Kernels on ${adapter.name}`)));
  await writeWhole(roof, svgFile(roofline(kernels, ceilings, `Roofline of ${adapter.name}`)));
  printNote(`Plots: ${bars}, ${roof}`);
}
